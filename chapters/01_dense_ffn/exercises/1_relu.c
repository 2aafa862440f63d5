// Exercise 1: before gelu there was relu, the plain hinge: x where x is above 0, else 0. Its slope is 1 above 0, and 0
// below and at 0. Write both. Then check with: make exercise-01-1

double relu(double x) { return x; }

double relu_derivative(double x) { return x; }
