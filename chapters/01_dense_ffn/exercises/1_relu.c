// Exercise 1: before gelu there was relu, the plain hinge: 0 where x is below or at 0, else x. Its
// slope is 1 above 0, and 0 below and at 0. Write both; what is not a number is not below 0 and
// must stay what it is, or an error upstream would go unseen. Then check with: make exercise-01-1

double relu(double x) { return x; }

double relu_derivative(double x) { return x; }
