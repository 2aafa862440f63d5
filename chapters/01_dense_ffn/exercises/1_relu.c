// Exercise 01-1. Relu.
//
// Before gelu there was relu, the plain hinge: 0 where x <= 0, else x. Its slope is 1 above 0, and
// 0 elsewhere (also for NaN). Write both. relu(NaN) must stay NaN, or an error upstream would go
// unnoticed.
//
// Check with: make exercise-01-1

double relu(double x) { return x; }

double relu_derivative(double x) { return x; }
