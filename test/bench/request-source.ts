import { readSync } from "node:fs";

/** One complete HTTP request, head and body, and how many records its body has. */
export type LoadRequest = { bytes: Uint8Array; records: number };

export type RequestSource = {
  requests: number;
  /** A reader for one connection: what it gives is good until it is asked for the next. */
  openReader(): (index: number) => LoadRequest;
};

/** The lines of a file from byte `start` up to `end`, the last line end left out. */
export type BodyRange = { start: number; end: number; records: number };

/** Both systems get the very same requests, so the Host has no port and all take the same token. */
export function writeHead(token: string, contentType: string, bodyBytes: number): string {
  return (
    `POST /logs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token ${token}\r\n` +
    `Content-Type: ${contentType}\r\nContent-Length: ${bodyBytes}\r\n\r\n`
  );
}

/**
 * Requests whose bodies are read from an open file as they are wanted: a run of ten million records then takes the memory of
 * one body a connection, and for each the time of a copy from the page cache.
 */
export function requestsFromFile(file: number, bodies: readonly BodyRange[], token: string): RequestSource {
  return {
    requests: bodies.length,
    openReader() {
      let buffer = Buffer.allocUnsafe(0);
      return (index) => {
        const body = bodies[index];
        if (body === undefined) throw new Error(`there is no request ${index}`);
        const length = body.end - body.start;
        const head = writeHead(token, "application/x-ndjson", length);
        if (buffer.length < head.length + length) buffer = Buffer.allocUnsafe((head.length + length) * 2);
        buffer.write(head, "latin1");
        if (readSync(file, buffer, head.length, length, body.start) !== length)
          throw new Error("the file of records is cut short");
        return { bytes: buffer.subarray(0, head.length + length), records: body.records };
      };
    },
  };
}

/** The requests from number `from` on, up to but without `to`. */
export function sliceRequests(source: RequestSource, from: number, to: number): RequestSource {
  return {
    requests: Math.min(to, source.requests) - from,
    openReader() {
      const read = source.openReader();
      return (index) => read(from + index);
    },
  };
}

/** Requests that are in memory: for single records reading each would cost the client as much as posting it. */
export function requestsInMemory(requests: readonly LoadRequest[]): RequestSource {
  return {
    requests: requests.length,
    openReader: () => (index) => {
      const request = requests[index];
      if (request === undefined) throw new Error(`there is no request ${index}`);
      return request;
    },
  };
}
