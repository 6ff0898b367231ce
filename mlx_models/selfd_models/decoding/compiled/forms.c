/* Which form of the kernels is for this processor, and which sources they are of. */

/* The SHA-256 of all sources: a library of others is not used. */
#ifndef SOURCE
#define SOURCE ""
#endif

__attribute__((visibility("default"))) const char *selfd_source = SOURCE;

__attribute__((visibility("default"))) const char *selfd_form(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    int narrow = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (narrow && wide) return "_avx512";
    if (narrow) return "_avx2";
#endif
    return "_plain";
}
