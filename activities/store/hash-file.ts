import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** sha256 of a file's bytes, in lower-case hex. */
export function hashOf(path: string): Promise<string> {
	return hashOfStream(createReadStream(path));
}

/** sha256 of all bytes of a stream, in lower-case hex. */
export async function hashOfStream(stream: AsyncIterable<Uint8Array>): Promise<string> {
	const hash = createHash("sha256");
	for await (const chunk of stream) hash.update(chunk);
	return hash.digest("hex");
}
