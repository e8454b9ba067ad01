import type { Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

/** Bytes of one call: Node's take less than 2 GiB, and the embedding of a model of 8 billion weights has more. */
const PIECE = 2 ** 30;

/** Adds an array's bytes to a hash. */
export function updateHash(hash: Pick<Hash, "update">, array: ArrayBufferView): void {
	for (const piece of piecesOf(array)) hash.update(piece);
}

/** Writes an array's bytes to a place of a file. */
export async function writeArray(
	file: Pick<FileHandle, "write">,
	array: ArrayBufferView,
	position: number,
): Promise<void> {
	let at = position;
	for (const piece of piecesOf(array)) {
		for (let done = 0; done < piece.length; ) {
			const { bytesWritten } = await file.write(piece, done, piece.length - done, at);
			done += bytesWritten;
			at += bytesWritten;
		}
	}
}

/** Fills an array with the bytes that begin at a place of a file. @returns false where the file ends before */
export async function readArray(
	file: Pick<FileHandle, "read">,
	array: ArrayBufferView,
	position: number,
): Promise<boolean> {
	let at = position;
	for (const piece of piecesOf(array)) {
		for (let done = 0; done < piece.length; ) {
			const { bytesRead } = await file.read(piece, done, piece.length - done, at);
			if (bytesRead === 0) return false;
			done += bytesRead;
			at += bytesRead;
		}
	}
	return true;
}

function* piecesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Generator<Uint8Array> {
	for (let at = 0; at < byteLength; at += PIECE) {
		yield new Uint8Array(buffer, byteOffset + at, Math.min(PIECE, byteLength - at));
	}
}
