/* serve.c - the command `serve`: its flags are the settings of the server, which has the table of
 * them; this file adds where they come from.
 */
#include "cli.h"
#include "server_settings.h"
#include "terminal.h"
#include "../server/serve.h"

static struct server_flags given;
static bool print_config;
static bool check_only;

/* Kinds of settings, as kinds of flags: their texts are read as all others. */
#define FLAG_OF_TEXT FLAG_TEXT
#define FLAG_OF_LIST FLAG_TEXT
#define FLAG_OF_EACH FLAG_EACH
#define FLAG_OF_SHARE FLAG_TEXT
#define FLAG_OF_NUMBER FLAG_TEXT
#define FLAG_OF_BYTES FLAG_TEXT
#define FLAG_OF_DURATION FLAG_TEXT
#define FLAG_OF_CHOICE FLAG_TEXT
#define FLAG_OF_SWITCH FLAG_TEXT
#define FLAG_OF_ADDRESS FLAG_TEXT

static const struct flag flags[] = {
    SERVER_CONFIG_FLAG(given),
    {.name = "print-config",
     .help = "print the settings as such a file, and exit",
     .kind = FLAG_SWITCH,
     .target = &print_config},
    {.name = "check",
     .help = "read the settings and what they name, say what is wrong or that they\n"
             "are good, and exit",
     .kind = FLAG_SWITCH,
     .target = &check_only},
#define X(type, setting, change, key, sort, least, most, choices, standard, label, text)           \
    {.name = key,                                                                                  \
     .value = label,                                                                               \
     .help = text "\n" standard,                                                                   \
     .kind = FLAG_OF_##sort,                                                                       \
     .target = &given.given[SETTING_##setting]},
    SETTINGS(X)
#undef X
};
enum { FLAGS = sizeof flags / sizeof *flags };

static bool read_settings(settings *all, settings_error *error)
{
    return server_settings_read(&given, all, error);
}

static int run_server(settings *all)
{
    switch (serve(all, read_settings)) {
    case SERVE_ENDED:
    case SERVE_LEFT:
        return STATUS_OK;
    case SERVE_LOST:
        return STATUS_OUTPUT;
    case SERVE_CANNOT:
        break;
    }
    return STATUS_USAGE; /* a setting names what cannot be had; nothing was done */
}

static int serve_run(char **operands, size_t count)
{
    settings all;
    settings_error error;
    (void)operands;
    if (count > 0)
        return args_refuse("serve", "takes no files");
    if (!read_settings(&all, &error)) {
        complain("%s", error.text);
        return STATUS_USAGE;
    }
    if (check_only && !serve_check(&all, &error)) {
        complain("%s", error.text);
        return STATUS_USAGE;
    }
    if (print_config)
        settings_print(&all, stdout);
    else if (check_only)
        puts("the settings are good");
    else
        return run_server(&all);
    return STATUS_OK;
}

const struct command serve_command = {
    .name = "serve",
    .synopsis = "[FLAGS]",
    .summary = "receive OTLP over HTTP and gRPC, and store it as Parquet files",
    .details =
        "Serves OTLP/HTTP (POST /v1/logs, /v1/traces, /v1/metrics; protobuf, JSON, JSON lines;\n"
        "gzip, deflate, zstd) and OTLP/gRPC, and writes what comes as few Parquet files. What it "
        "has\n"
        "acknowledged survives a kill -9: it is in a write-ahead log, and is stored after the "
        "next\n"
        "start. GET /healthz, /readyz and /metrics say how it is. SIGTERM drains it; SIGHUP reads\n"
        "the settings, certificates and credentials again.\n\n"
        "Each setting is also a variable, OTLP2PARQUET_SEAL_AGE=10s for --seal-age 10s, and a key\n"
        "of the file; a flag is stronger than a variable, and that than the file. The last line "
        "of\n"
        "each is its default.\n",
    .flags = flags,
    .flag_count = FLAGS,
    .run = serve_run,
};
