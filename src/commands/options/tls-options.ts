import { createPrivateKey, X509Certificate } from "node:crypto";
import { LogctlError } from "../../errors.ts";
import type { TlsFiles } from "../../server/listen.ts";

export type TlsFlags = { tlsCert?: string; tlsKey?: string };

/** The certificate and key that the flags name; undefined where there are none. Throws `usage` where they are no pair. */
export async function readTls({ tlsCert, tlsKey }: TlsFlags): Promise<TlsFiles | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined) throw new LogctlError("usage", "--tls-key needs --tls-cert, the certificate that belongs to it");
  if (tlsKey === undefined) throw new LogctlError("usage", "--tls-cert needs --tls-key, the private key that belongs to it");
  const cert = await readCertificate("--tls-cert", tlsCert);
  const key = await readFile("--tls-key", tlsKey);
  const privateKey = readAs("--tls-key", tlsKey, "private key without a passphrase", () => createPrivateKey(key));
  if (new X509Certificate(cert).checkPrivateKey(privateKey)) return { cert, key };
  throw new LogctlError("usage", `--tls-key '${tlsKey}' is not the key of the certificate in --tls-cert '${tlsCert}'`);
}

/** A file of one or more certificates as PEM. Throws `usage`, naming the flag. */
export async function readCertificate(flag: string, path: string): Promise<string> {
  const text = await readFile(flag, path);
  readAs(flag, path, "certificate", () => new X509Certificate(text));
  return text;
}

async function readFile(flag: string, path: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (error) {
    throw new LogctlError("usage", `${flag} '${path}' cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function readAs<Read>(flag: string, path: string, what: string, read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    throw new LogctlError("usage", `${flag} '${path}' holds no ${what} as PEM`, { cause: error });
  }
}
