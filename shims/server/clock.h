/* clock.h - the two clocks, in nanoseconds, and waiting until a time of the steady one. */
#ifndef O2P_SERVER_CLOCK_H
#define O2P_SERVER_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

static inline uint64_t clock_read(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* Time since some start: for ages and deadlines. */
static inline uint64_t steady_ns(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

/* Unix time. */
static inline uint64_t wall_ns(void)
{
    return clock_read(CLOCK_REALTIME);
}

/* A condition whose waits end by the steady clock. Returns 0 or an error number. */
static inline int steady_cond_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int failure = pthread_condattr_init(&attributes);
    if (failure != 0)
        return failure;
    failure = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (failure == 0)
        failure = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return failure;
}

/* Waits until the condition is signalled or `until_ns` has come; UINT64_MAX: without end. */
static inline void steady_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                    uint64_t until_ns)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_SECOND),
                             .tv_nsec = (long)(until_ns % NS_PER_SECOND)};
    if (until_ns == UINT64_MAX)
        pthread_cond_wait(condition, lock);
    else
        pthread_cond_timedwait(condition, lock, &until);
}

#endif
