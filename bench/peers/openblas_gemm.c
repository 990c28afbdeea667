/* SPDX-License-Identifier: MIT
 *
 * Times OpenBLAS's sgemm for bench/compare. A line "m n k trans_a trans_b accumulate seconds" on
 * standard input is answered by GFLOP/s, the median of seven timings, on standard output.
 *   cc -O2 openblas_gemm.c -lopenblas -o openblas_gemm
 */
#define _POSIX_C_SOURCE 200809L
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern char *openblas_get_config(void);

enum { TIMINGS = 7 };

struct product {
    int m, n, k, trans_a, trans_b, accumulate;
    float *a, *b, *c;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *random_matrix(size_t n)
{
    float *x = malloc(n * sizeof *x);
    if (!x)
        exit(1);
    for (size_t i = 0; i < n; i++)
        x[i] = 2.0f * (float)rand() / (float)RAND_MAX - 1.0f;
    return x;
}

static double time_runs(const struct product *p, int runs)
{
    double begun = now();
    for (int i = 0; i < runs; i++)
        cblas_sgemm(CblasRowMajor, p->trans_a ? CblasTrans : CblasNoTrans,
                    p->trans_b ? CblasTrans : CblasNoTrans, p->m, p->n, p->k, 1.0f, p->a,
                    p->trans_a ? p->m : p->k, p->b, p->trans_b ? p->k : p->n,
                    p->accumulate ? 1.0f : 0.0f, p->c, p->n);
    return now() - begun;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double gflops(const struct product *p, double seconds)
{
    double timings[TIMINGS];
    int runs = 1;
    time_runs(p, 1);
    while (time_runs(p, runs) < seconds / TIMINGS && runs < 1 << 24)
        runs *= 2;
    for (int i = 0; i < TIMINGS; i++)
        timings[i] = time_runs(p, runs);
    qsort(timings, TIMINGS, sizeof *timings, ascending);
    return 2e-9 * p->m * p->n * p->k * runs / timings[TIMINGS / 2];
}

int main(void)
{
    struct product p;
    double seconds;
    printf("%s\n", openblas_get_config());
    fflush(stdout);
    while (scanf("%d %d %d %d %d %d %lf", &p.m, &p.n, &p.k, &p.trans_a, &p.trans_b, &p.accumulate,
                 &seconds) == 7) {
        p.a = random_matrix((size_t)p.m * (size_t)p.k);
        p.b = random_matrix((size_t)p.k * (size_t)p.n);
        p.c = random_matrix((size_t)p.m * (size_t)p.n);
        printf("%.4f\n", gflops(&p, seconds));
        fflush(stdout);
        free(p.a);
        free(p.b);
        free(p.c);
    }
    return 0;
}
