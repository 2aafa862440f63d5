// NaN is not <= 0, so it stays NaN
double relu(double x) { return x <= 0.0 ? 0.0 : x; }

double relu_derivative(double x) { return x > 0.0 ? 1.0 : 0.0; }
