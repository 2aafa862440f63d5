// server ROOT LOG: a small HTTP server on a free port of 127.0.0.1, for testing downloads. Prints
// the port, ends after 20 minutes. The first part of a path says how it behaves, the rest names a
// file below ROOT:
//   /plain/…     knows ranges
//   /redirect/…  sends to /plain/…
//   /norange/…   always sends the whole file
//   /drop/…      knows ranges, breaks off after 100,000 bytes each time
//   /cut/…       always sends the whole file and breaks off after 100,000 bytes
//   /stall/…     knows ranges, falls silent after 100,000 bytes
// LOG gets a line a request: MODE FILE FIRST, the last the byte it shall begin with.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BROKEN_AFTER = 100000, SECONDS = 1200 };

typedef struct {
    char mode[16], file[512];
    long first; // 0: from the beginning
} Request;

// Reads up to the empty line after the headers; false: not a request that we support.
static bool read_request(Request *request, int connection) {
    char text[8192];
    size_t used = 0;
    while (used < sizeof text - 1) {
        ssize_t got = read(connection, text + used, sizeof text - 1 - used);
        if (got <= 0) return false;
        used += (size_t)got;
        text[used] = '\0';
        if (strstr(text, "\r\n\r\n") != NULL) break;
    }
    *request = (Request){ 0 };
    const char *range = strstr(text, "\r\nRange: bytes=");
    if (range != NULL) request->first = strtol(range + strlen("\r\nRange: bytes="), NULL, 10);
    return sscanf(text, "GET /%15[a-z]/%511s HTTP/", request->mode, request->file) == 2 &&
           strstr(request->file, "..") == NULL;
}

static bool send_all(int connection, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = write(connection, bytes, size);
        if (sent <= 0) return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void send_status(int connection, const char *status, const char *headers) {
    char text[1024];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n%s\r\n", status,
                          headers);
    send_all(connection, text, (size_t)length);
}

// The body from byte `first` on, `most` bytes of it at the most.
static void send_body(int connection, FILE *file, long first, long most) {
    char block[4096];
    fseek(file, first, SEEK_SET);
    while (most > 0) {
        size_t expected = most < (long)sizeof block ? (size_t)most : sizeof block;
        size_t got = fread(block, 1, expected, file);
        if (got == 0 || !send_all(connection, block, got)) return;
        most -= (long)got;
    }
}

static void send_file(int connection, const Request *request, FILE *file) {
    bool ranges = strcmp(request->mode, "norange") != 0 && strcmp(request->mode, "cut") != 0;
    bool whole = strcmp(request->mode, "plain") == 0 || strcmp(request->mode, "norange") == 0;
    char headers[512];
    fseek(file, 0, SEEK_END);
    long size = ftell(file), first = ranges ? request->first : 0;
    if (first > 0 && first >= size) {
        snprintf(headers, sizeof headers, "Content-Range: bytes */%ld\r\n", size);
        send_status(connection, "416 Range Not Satisfiable", headers);
        return;
    }
    int length =
        first > 0
            ? snprintf(headers, sizeof headers,
                       "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %ld-%ld/%ld\r\n"
                       "Content-Length: %ld\r\nConnection: close\r\n\r\n",
                       first, size - 1, size, size - first)
            : snprintf(headers, sizeof headers,
                       "HTTP/1.1 200 OK\r\n%sContent-Length: %ld\r\nConnection: close\r\n\r\n",
                       ranges ? "Accept-Ranges: bytes\r\n" : "", size);
    if (!send_all(connection, headers, (size_t)length)) return;
    send_body(connection, file, first, whole ? size : BROKEN_AFTER);
    // until the other side leaves
    if (strcmp(request->mode, "stall") == 0) (void)!read(connection, headers, 1);
}

static void answer(int connection, const char *root, const char *log) {
    Request request;
    char path[1200];
    if (!read_request(&request, connection)) {
        send_status(connection, "400 Bad Request", "");
        return;
    }
    FILE *out = fopen(log, "a");
    if (out != NULL) {
        fprintf(out, "%s %s %ld\n", request.mode, request.file, request.first);
        fclose(out);
    }
    if (strcmp(request.mode, "redirect") == 0) {
        snprintf(path, sizeof path, "Location: /plain/%s\r\n", request.file);
        send_status(connection, "302 Found", path);
        return;
    }
    snprintf(path, sizeof path, "%s/%s", root, request.file);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        send_status(connection, "404 Not Found", "");
        return;
    }
    send_file(connection, &request, file);
    fclose(file);
}

static int listen_somewhere(int *port) {
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("server");
        return -1;
    }
    *port = ntohs(address.sin_port);
    return listener;
}

int main(int argc, char **argv) {
    int port, listener;
    if (argc != 3) {
        fprintf(stderr, "Usage: server ROOT LOG\n");
        return 2;
    }
    signal(SIGCHLD, SIG_IGN); // one child per connection, which is not waited for
    if ((listener = listen_somewhere(&port)) < 0) return 1;
    printf("%d\n", port);
    fflush(stdout);
    alarm(SECONDS);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) continue;
        if (fork() == 0) {
            alarm(SECONDS);
            signal(SIGPIPE, SIG_IGN);
            answer(connection, argv[1], argv[2]);
            shutdown(connection, SHUT_WR);
            _exit(0);
        }
        close(connection);
    }
}
