/* main.c - the program: finds the command in the table, parses its flags, runs it. */
#include "cli.h"
#include "terminal.h"
#include "../../include/otlp2parquet.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
    &convert_command, &serve_command,  &connect_command, &replay_command,
    &inspect_command, &schema_command, &bench_command,
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static const struct {
    int status;
    const char *meaning;
} statuses[] = {
    {STATUS_OK, "everything asked for was done"},
    {STATUS_INPUT, "an input could not be read or converted; the others were"},
    {STATUS_USAGE, "the command line is wrong; nothing was done"},
    {STATUS_OUTPUT, "a file or standard output could not be written"},
    {STATUS_RESOURCE, "memory ran out, or a compression library failed"},
};

static void print_statuses(FILE *out)
{
    fputs("\nExit status:\n", out);
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        fprintf(out, "  %d  %s\n", statuses[i].status, statuses[i].meaning);
}

static void print_help(FILE *out)
{
    fputs("usage: otlp2parquet COMMAND [FLAGS] ...\n\n"
          "OpenTelemetry (OTLP) requests in, Apache Parquet files out.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`otlp2parquet COMMAND --help` describes a command; `otlp2parquet --version` prints\n"
          "the version. Flags are written --name value or --name=value; -- ends them.\n",
          out);
    print_statuses(out);
}

static void print_command_help(const struct command *command)
{
    printf("usage: otlp2parquet %s %s\n\n%s\nFlags:\n", command->name, command->synopsis,
           command->details);
    args_print_help(stdout, command->flags, command->flag_count);
    print_statuses(stdout);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int refuse_command(const char *given)
{
    const char *names[COMMANDS + 2] = {"--help", "--version"};
    for (size_t i = 0; i < COMMANDS; i++)
        names[i + 2] = commands[i]->name;
    const char *what = given[0] == '-' ? "flag" : "command";
    const char *meant = args_nearest(given, names, COMMANDS + 2);
    if (meant != NULL)
        complain("unknown %s %s; did you mean %s?", what, given, meant);
    else
        complain("unknown %s %s; `otlp2parquet --help` lists the commands", what, given);
    return STATUS_USAGE;
}

static int run_command(const struct command *command, char **args, size_t count)
{
    size_t operands = 0;
    switch (args_parse(command->flags, command->flag_count, args, count, &operands)) {
    case ARGS_HELP:
        print_command_help(command);
        return STATUS_OK;
    case ARGS_BAD:
        return STATUS_USAGE;
    case ARGS_OK:
        break;
    }
    return command->run(args, operands);
}

/* `help` and `help COMMAND`, --help, --version, or a command. */
static int run(char **args, size_t count)
{
    if (count == 0) {
        print_help(stderr);
        return STATUS_USAGE;
    }
    bool help = strcmp(args[0], "help") == 0;
    if (help && count > 1) {
        const struct command *command = find_command(args[1]);
        if (command == NULL)
            return refuse_command(args[1]);
        print_command_help(command);
        return STATUS_OK;
    }
    if (help || strcmp(args[0], "--help") == 0 || strcmp(args[0], "-h") == 0) {
        print_help(stdout);
        return STATUS_OK;
    }
    if (strcmp(args[0], "--version") == 0) {
        printf("otlp2parquet %s (schema version %d)\n", o2p_version(), O2P_SCHEMA_VERSION);
        return STATUS_OK;
    }
    const struct command *command = find_command(args[0]);
    return command != NULL ? run_command(command, args + 1, count - 1) : refuse_command(args[0]);
}

/* Opens what the caller closed of standard input, output and error; otherwise the first file that
 * is opened would be taken for one of them, and a message end in a Parquet file. */
static bool fill_standard_files(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Writing to a closed pipe or past a file size limit gives an error to handle, and not a signal
 * that would leave a temporary file behind. */
static void ignore_write_signals(void)
{
    struct sigaction action = {0};
    action.sa_handler = SIG_IGN;
    sigemptyset(&action.sa_mask);
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

/* Why standard output could not be written: errno's value, 0 if it was. A failure in the middle of
 * the output leaves no reason behind, so writing is tried once more. */
static int output_failure(void)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) != 0)
        return errno;
    if (!failed)
        return 0;
    clearerr(stdout);
    if (fputc('\n', stdout) != EOF && fflush(stdout) == 0)
        return EIO;
    return errno;
}

/* When the reader of standard output has gone (`... | head`), nothing is said: it had enough. */
static int finish_output(int status)
{
    int failure = output_failure();
    if (failure == 0 || failure == EPIPE)
        return status;
    complain("cannot write standard output: %s", strerror(failure));
    return STATUS_OUTPUT;
}

/* The memory of one conversion serves the next: glibc would give it back to the system in between,
 * and page faults are a quarter of the time then. */
static void keep_memory(void)
{
#ifdef __GLIBC__
    enum { KEPT = 256 * 1024 * 1024, LARGE = 32 * 1024 * 1024 };
    mallopt(M_TRIM_THRESHOLD, KEPT);
    mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

int main(int argc, char **argv)
{
    keep_memory();
    if (!fill_standard_files())
        return STATUS_RESOURCE;
    ignore_write_signals();
    return finish_output(run(argv + (argc > 0), argc > 0 ? (size_t)argc - 1 : 0));
}
