// what is not a number is not <= 0 and stays what it is
double relu(double x) { return x <= 0.0 ? 0.0 : x; }

double relu_derivative(double x) { return x > 0.0 ? 1.0 : 0.0; }
