// Exercise 05-3. Queries that spread out.
//
// Where all tokens have much in common, so have their queries, and few experts get all the work
// (the lesson's picture). The paper's remedy is a batch normalisation of the queries: over the T
// tokens of a batch, each number of the query is moved to mean 0 and scaled to variance 1:
//     q'[t][d] = (q[t][d] − mean_d) / √(variance_d + 1e-6),   mean and variance over t, of 1/T and not 1/(T−1)
// query [T,width] is changed in place.
void normalise_queries(double *query, int T, int width) {
    (void)query, (void)T, (void)width; // yours to write
}
