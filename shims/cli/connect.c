/* connect.c - `otlp2parquet connect`: what to set in a client so that it sends to the server whose
 * settings are given. One table of clients: a text each, in which the words in braces below are
 * replaced.
 *
 *   | word           | becomes                   | such as               |
 *   | -------------- | ------------------------- | --------------------- |
 *   | {http}         | URL of OTLP/HTTP          | http://localhost:4318 |
 *   | {http-host}    | its host, for itself      | localhost             |
 *   | {http-port}    | its port, for itself      | 4318                  |
 *   | {grpc}         | URL of OTLP/gRPC          | http://localhost:4317 |
 *   | {grpc-address} | the same without a scheme | localhost:4317        |
 *   | {insecure}     | whether it lacks TLS      | true, false           |
 *   | {tls}          | the opposite              | off, on               |
 *
 * With tls-cert the URLs are https. What follows a condition in its line, and the line's end, is
 * printed where that is so:
 *
 *   | condition  | printed                                            |
 *   | ---------- | -------------------------------------------------- |
 *   | {if-tls}   | with tls-cert: how a client is told of a CA        |
 *   | {if-token} | with auth-file: the header with a credential       |
 *
 * The credential itself is not looked up: whoever sets a client may not be who may read that file.
 */
#include "cli.h"
#include "server_settings.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the lines with conditions say of themselves. */
#define OF_TOKEN                                                                                   \
    "{if-token}# TOKEN is one of the server's auth-file; of a user of that file it is Basic, "     \
    "not\n"                                                                                        \
    "{if-token}# Bearer, and the base64 of USER:PASSWORD\n"
#define OF_CA "{if-tls}# if this machine does not know the CA of the server's certificate:\n"
#define SHELL_TOKEN "{if-token}export OTEL_EXPORTER_OTLP_HEADERS=\"authorization=Bearer%20TOKEN\"\n"
#define SHELL_CA OF_CA "{if-tls}# export OTEL_EXPORTER_OTLP_CERTIFICATE=/path/to/ca.pem\n"

/* X(name, what it is, text) */
#define COLLECTOR_PIPELINE(signal, exporter)                                                       \
    "    " signal ":\n"                                                                            \
    "      receivers: [otlp]\n"                                                                    \
    "      exporters: [" exporter "]\n"

/* The end of an exporter's settings, and where it is used. */
#define COLLECTOR_PIPELINES(exporter)                                                              \
    "    retry_on_failure:\n"                                                                      \
    "      max_elapsed_time: 0s # never give up\n"                                                 \
    "service:\n"                                                                                   \
    "  pipelines:\n" COLLECTOR_PIPELINE("logs", exporter) COLLECTOR_PIPELINE("traces", exporter)   \
        COLLECTOR_PIPELINE("metrics", exporter)

#define CLIENTS(X)                                                                                 \
    X("sdk", "OpenTelemetry's SDKs and agents, of any language, over HTTP",                        \
      "# for the shell that starts the program\n"                                                  \
      "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n"                                         \
      "export OTEL_EXPORTER_OTLP_ENDPOINT=\"{http}\"\n"                                            \
      "export OTEL_EXPORTER_OTLP_COMPRESSION=gzip\n"                                               \
      "export OTEL_LOGS_EXPORTER=otlp\n"                                                           \
      "export OTEL_TRACES_EXPORTER=otlp\n"                                                         \
      "export OTEL_METRICS_EXPORTER=otlp\n" OF_TOKEN SHELL_TOKEN SHELL_CA)                         \
    X("sdk-grpc", "the same over gRPC",                                                            \
      "# for the shell that starts the program\n"                                                  \
      "export OTEL_EXPORTER_OTLP_PROTOCOL=grpc\n"                                                  \
      "export OTEL_EXPORTER_OTLP_ENDPOINT=\"{grpc}\"\n"                                            \
      "export OTEL_EXPORTER_OTLP_COMPRESSION=gzip\n"                                               \
      "export OTEL_LOGS_EXPORTER=otlp\n"                                                           \
      "export OTEL_TRACES_EXPORTER=otlp\n"                                                         \
      "export OTEL_METRICS_EXPORTER=otlp\n" OF_TOKEN SHELL_TOKEN SHELL_CA)                         \
    X("collector", "the OpenTelemetry Collector, over HTTP",                                       \
      "# for the Collector's configuration; add the exporter to the pipelines that are "           \
      "there\n" OF_TOKEN OF_CA "{if-tls}# tls: {ca_file: /path/to/ca.pem}, beside endpoint\n"      \
      "exporters:\n"                                                                               \
      "  otlp_http/otlp2parquet: # before Collector 0.144: otlphttp/otlp2parquet\n"                \
      "    endpoint: \"{http}\"\n"                                                                 \
      "{if-token}    headers:\n"                                                                   \
      "{if-token}      authorization: \"Bearer TOKEN\"\n" COLLECTOR_PIPELINES(                     \
          "otlp_http/otlp2parquet"))                                                               \
    X("collector-grpc", "the same over gRPC",                                                      \
      "# for the Collector's configuration; add the exporter to the pipelines that are "           \
      "there\n" OF_TOKEN OF_CA "{if-tls}# ca_file: /path/to/ca.pem, beside insecure\n"             \
      "exporters:\n"                                                                               \
      "  otlp_grpc/otlp2parquet: # before Collector 0.144: otlp/otlp2parquet\n"                    \
      "    endpoint: \"{grpc-address}\"\n"                                                         \
      "    tls:\n"                                                                                 \
      "      insecure: {insecure}\n"                                                               \
      "{if-token}    headers:\n"                                                                   \
      "{if-token}      authorization: \"Bearer TOKEN\"\n" COLLECTOR_PIPELINES(                     \
          "otlp_grpc/otlp2parquet"))                                                               \
    X("claude-code", "Claude Code: its metrics and events",                                        \
      "# for the shell that starts claude\n"                                                       \
      "export CLAUDE_CODE_ENABLE_TELEMETRY=1\n"                                                    \
      "export OTEL_METRICS_EXPORTER=otlp\n"                                                        \
      "export OTEL_LOGS_EXPORTER=otlp\n"                                                           \
      "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n"                                         \
      "export OTEL_EXPORTER_OTLP_ENDPOINT=\"{http}\"\n" OF_TOKEN SHELL_TOKEN OF_CA                 \
      "{if-tls}# export NODE_EXTRA_CA_CERTS=/path/to/ca.pem\n")                                    \
    X("codex", "OpenAI's Codex: its events",                                                       \
      "# for ~/.codex/config.toml\n"                                                               \
      "[otel.exporter.\"otlp-http\"]\n"                                                            \
      "endpoint = \"{http}/v1/logs\"\n"                                                            \
      "protocol = \"binary\"\n" OF_TOKEN                                                           \
      "{if-token}headers = { authorization = \"Bearer TOKEN\" }\n" OF_CA                           \
      "{if-tls}# tls = { ca-certificate = \"/path/to/ca.pem\" }\n")                                \
    X("gemini-cli", "Gemini CLI: its metrics, events and traces",                                  \
      "# for the shell that starts gemini\n"                                                       \
      "export GEMINI_TELEMETRY_ENABLED=true\n"                                                     \
      "export GEMINI_TELEMETRY_TARGET=local\n"                                                     \
      "export GEMINI_TELEMETRY_OTLP_PROTOCOL=grpc\n"                                               \
      "export GEMINI_TELEMETRY_OTLP_ENDPOINT=\"{grpc}\"\n" OF_TOKEN SHELL_TOKEN SHELL_CA)          \
    X("fluent-bit", "Fluent Bit",                                                                  \
      "# for fluent-bit.yaml\n" OF_TOKEN OF_CA                                                     \
      "{if-tls}# tls.ca_file: /path/to/ca.pem, beside tls\n"                                       \
      "pipeline:\n"                                                                                \
      "  outputs:\n"                                                                               \
      "    - name: opentelemetry\n"                                                                \
      "      match: '*'\n"                                                                         \
      "      host: '{http-host}'\n"                                                                \
      "      port: {http-port}\n"                                                                  \
      "      tls: {tls}\n"                                                                         \
      "{if-token}      header: Authorization Bearer TOKEN\n"                                       \
      "      logs_uri: /v1/logs\n"                                                                 \
      "      traces_uri: /v1/traces\n"                                                             \
      "      metrics_uri: /v1/metrics\n")                                                          \
    X("telemetrygen", "the Collector's generator of telemetry, to try",                            \
      OF_TOKEN OF_CA "{if-tls}# telemetrygen logs --ca-cert /path/to/ca.pem, and so on\n"          \
                     "telemetrygen logs --otlp-insecure={insecure} "                               \
                     "{if-token}--otlp-header 'authorization=\"Bearer TOKEN\"' \\\n"               \
                     "--otlp-endpoint '{grpc-address}' --logs 10\n")                               \
    X("curl", "one log record by hand, to try",                                                    \
      OF_TOKEN OF_CA "{if-tls}# curl --cacert /path/to/ca.pem, and so on\n"                        \
                     "# the time makes each a request of its own: what is the same to the last "   \
                     "byte is stored once\n"                                                       \
                     "curl -sS -H 'Content-Type: application/json' "                               \
                     "{if-token}-H 'Authorization: Bearer TOKEN' \\\n"                             \
                     "'{http}/v1/logs' -d "                                                        \
                     "'{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"'"  \
                     "$(date +%s%N)"                                                               \
                     "'\",\"body\":{\"stringValue\":\"hello\"}}]}]}]}'\n")

static const struct client {
    const char *name;
    const char *summary;
    const char *text;
} clients[] = {
#define X(name, summary, text) {name, summary, text},
    CLIENTS(X)
#undef X
};
enum { CLIENT_COUNT = sizeof clients / sizeof *clients };

static struct server_flags given;
static const char *host_flag;

static const struct flag flags[] = {
    SERVER_CONFIG_FLAG(given),
    {.name = "http",
     .value = "ADDR",
     .help = "where the server listens for OTLP/HTTP",
     .kind = FLAG_TEXT,
     .target = &given.given[SETTING_http]},
    {.name = "grpc",
     .value = "ADDR",
     .help = "where the server listens for OTLP/gRPC",
     .kind = FLAG_TEXT,
     .target = &given.given[SETTING_grpc]},
    {.name = "host",
     .value = "NAME",
     .help = "by what name clients reach the server (default: the address it\n"
             "listens on; for all addresses, this machine's name)",
     .kind = FLAG_TEXT,
     .target = &host_flag},
};

/* ---- where the server is --------------------------------------------------------------------- */

/* A port of the server as a client sees it. */
struct endpoint {
    const char *setting; /* its key */
    bool usable;       /* neither off, nor a free port that nobody knows yet, nor no host at all */
    char host[512];    /* without brackets */
    char address[640]; /* HOST:PORT, with brackets where the host has colons */
    char url[660];
    char port[16];
};

/* Of the bytes that names and addresses have, and no shell or file takes for something else. */
static bool is_host(const char *text)
{
    static const char bytes[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%";
    return text[0] != '\0' && text[strspn(text, bytes)] == '\0';
}

static bool is_every_address(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* HOST:PORT as the settings have it, checked by them; `off` has no port. */
static void find_endpoint(const char *text, const char *setting, bool tls, struct endpoint *it)
{
    const char *colon = strrchr(text, ':');
    *it = (struct endpoint){.setting = setting};
    if (colon == NULL)
        return;
    bool bracketed = text[0] == '[';
    int length = (int)(colon - text) - 2 * bracketed;
    snprintf(it->host, sizeof it->host, "%.*s", length, text + bracketed);
    snprintf(it->port, sizeof it->port, "%s", colon + 1);
    if (host_flag != NULL)
        snprintf(it->host, sizeof it->host, "%s", host_flag);
    else if (is_every_address(it->host) && gethostname(it->host, sizeof it->host - 1) != 0)
        snprintf(it->host, sizeof it->host, "localhost");
    bool colons = strchr(it->host, ':') != NULL;
    snprintf(it->address, sizeof it->address, "%s%s%s:%s", colons ? "[" : "", it->host,
             colons ? "]" : "", it->port);
    snprintf(it->url, sizeof it->url, "%s://%s", tls ? "https" : "http", it->address);
    it->usable = strspn(it->port, "0") != strlen(it->port) && is_host(it->host);
}

/* ---- the text -------------------------------------------------------------------------------- */

/* What a word in braces becomes. */
struct word {
    const char *name;
    const struct endpoint *of;
    const char *value;
};

/* What is true of the server, and whether. */
struct condition {
    const char *name;
    bool holds;
};

/* The text without the conditions that hold, and without what follows those that do not. To be
 * freed; NULL when there is no memory. */
static char *decide(const char *text, const struct condition *conditions, size_t count)
{
    char *decided = malloc(strlen(text) + 1);
    size_t used = 0;
    while (decided != NULL && *text != '\0') {
        size_t i = 0;
        while (i < count && strncmp(text, conditions[i].name, strlen(conditions[i].name)) != 0)
            i++;
        if (i == count)
            decided[used++] = *text++;
        else if (conditions[i].holds)
            text += strlen(conditions[i].name);
        else
            text += strcspn(text, "\n") + 1;
    }
    if (decided != NULL)
        decided[used] = '\0';
    return decided;
}

/* The word that `text` begins with; NULL when it is another brace. */
static const struct word *find_word(const struct word *words, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(text, words[i].name, strlen(words[i].name)) == 0)
            return &words[i];
    return NULL;
}

/* Prints the text with its words replaced, or, with `out` NULL, looks for a word that has no value.
 * Returns that word's endpoint; NULL when there is none. */
static const struct endpoint *put(FILE *out, const char *text, const struct word *words,
                                  size_t count)
{
    while (*text != '\0') {
        const struct word *word = find_word(words, count, text);
        if (word != NULL && !word->of->usable)
            return word->of;
        if (out != NULL && word != NULL)
            fputs(word->value, out);
        else if (out != NULL)
            fputc(*text, out);
        text += word != NULL ? strlen(word->name) : 1;
    }
    return NULL;
}

/* `text` is that of the client. */
static int print_text(const struct client *client, const char *text, const settings *all)
{
    struct endpoint http;
    struct endpoint grpc;
    bool tls = settings_is_given(all->tls_cert);
    find_endpoint(all->http, settings_key(SETTING_http), tls, &http);
    find_endpoint(all->grpc, settings_key(SETTING_grpc), tls, &grpc);
    const struct word words[] = {
        {"{http}", &http, http.url},
        {"{http-host}", &http, http.host},
        {"{http-port}", &http, http.port},
        {"{grpc}", &grpc, grpc.url},
        {"{grpc-address}", &grpc, grpc.address},
        {"{insecure}", &grpc, tls ? "false" : "true"},
        {"{tls}", &http, tls ? "on" : "off"},
    };
    enum { WORDS = sizeof words / sizeof *words };
    const struct endpoint *lacking = put(NULL, text, words, WORDS);
    if (lacking != NULL) {
        complain("%s needs the address of the server: %s is %s", client->name, lacking->setting,
                 lacking->port[0] == '\0' ? "off"
                 : is_host(lacking->host) ? "a port that is not known before the server runs"
                                          : "not the name of a host");
        return STATUS_USAGE;
    }
    put(stdout, text, words, WORDS);
    return STATUS_OK;
}

static int print_client(const struct client *client, const settings *all)
{
    const struct condition conditions[] = {
        {"{if-tls}", settings_is_given(all->tls_cert)},
        {"{if-token}", settings_is_given(all->auth_file)},
    };
    char *text = decide(client->text, conditions, sizeof conditions / sizeof *conditions);
    if (text == NULL) {
        complain("out of memory");
        return STATUS_RESOURCE;
    }
    int status = print_text(client, text, all);
    free(text);
    return status;
}

static int list_clients(void)
{
    for (size_t i = 0; i < CLIENT_COUNT; i++)
        printf("  %-16s%s\n", clients[i].name, clients[i].summary);
    return STATUS_OK;
}

static int refuse_client(const char *name)
{
    const char *names[CLIENT_COUNT];
    for (size_t i = 0; i < CLIENT_COUNT; i++)
        names[i] = clients[i].name;
    const char *meant = args_nearest(name, names, CLIENT_COUNT);
    if (meant != NULL)
        complain("unknown client %s; did you mean %s?", name, meant);
    else
        complain("unknown client %s; `otlp2parquet connect` lists them", name);
    return STATUS_USAGE;
}

static int run_connect(char **operands, size_t count)
{
    settings all;
    settings_error error;
    if (count > 1)
        return args_refuse("connect", "one CLIENT at a time");
    if (host_flag != NULL && !is_host(host_flag))
        return args_refuse("connect", "--host is a name or an address, without brackets");
    if (!server_settings_read(&given, &all, &error)) {
        complain("%s", error.text);
        return STATUS_USAGE;
    }
    if (count == 0)
        return list_clients();
    for (size_t i = 0; i < CLIENT_COUNT; i++)
        if (strcmp(clients[i].name, operands[0]) == 0)
            return print_client(&clients[i], &all);
    return refuse_client(operands[0]);
}

const struct command connect_command = {
    .name = "connect",
    .synopsis = "[FLAGS] [CLIENT]",
    .summary = "print what to set in a client so that it sends to the server",
    .details =
        "Prints the settings of a client that is to send to `otlp2parquet serve`, for the\n"
        "addresses that the server's settings name: those of the file, of the variables\n"
        "OTLP2PARQUET_HTTP and OTLP2PARQUET_GRPC, or of the flags. Nothing is changed or sent.\n"
        "With auth-file in the settings a header is printed, in which TOKEN is to be replaced; "
        "with\n"
        "tls-cert, how the client is told of a CA that its machine does not know.\n"
        "Without a CLIENT the clients are listed. For a shell:\n\n"
        "  eval \"$(otlp2parquet connect sdk)\"\n",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .run = run_connect,
};
