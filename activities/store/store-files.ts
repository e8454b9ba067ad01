/** A file of a store. */
export interface StoredFile {
	/** Below the store's root, with slashes. */
	readonly name: string;
	readonly bytes: number;
	/** When it was written or touched last, in milliseconds since 1970. */
	readonly modifiedMs: number;
}

/** What an object is stored from: bytes, or a file of this machine, which is left as it is unless it is the store's own. */
export type ObjectSource = Uint8Array | { readonly file: string; readonly isOurs?: boolean };

/**
 * Where a store lies: a folder, or a prefix of a bucket. Each file is there whole or not at all, and what one process has
 * written every other one reads.
 */
export interface StoreFiles {
	/** A folder's absolute path, or `s3://bucket/prefix`. */
	readonly root: string;
	/** A folder of this machine for what is written before its name is known. */
	readonly scratch: string;
	/** A file as a user knows it. */
	pathOf(name: string): string;
	stat(name: string): Promise<StoredFile | undefined>;
	/** Undefined where there is none. */
	read(name: string): Promise<Uint8Array | undefined>;
	/**
	 * A file's bytes in order; undefined where there is none.
	 *
	 * @param first only so many of them
	 */
	stream(name: string, first?: number): Promise<AsyncIterable<Uint8Array> | undefined>;
	/** All files below a folder, in the order of their names. */
	list(folder: string): AsyncIterable<StoredFile>;
	/** Replaces what is there. */
	write(name: string, content: Uint8Array | string): Promise<void>;
	/**
	 * Like {@link write}, but of several writers the first one's stays.
	 *
	 * @param isNameFlushed false where it does no harm that a power cut takes the file away again: what names it is flushed later
	 * @returns whether that was this one; false, too, where an answer was lost and the writing was tried again
	 */
	writeFirst(name: string, content: Uint8Array | string, isNameFlushed?: boolean): Promise<boolean>;
	/** Makes a file young again, unless it is. */
	touch(file: StoredFile): Promise<void>;
	remove(name: string): Promise<void>;
	/**
	 * Moves a damaged file to `damaged/`, so that what made it is done again and the bytes can still be looked at.
	 *
	 * @returns where it is now; undefined where that cannot be done, or another process has done it
	 */
	setAside(name: string): Promise<string | undefined>;

	/**
	 * Stores an object unless it is there undamaged.
	 *
	 * @throws WrongHash where the source does not hash to `sha256`
	 */
	keepObject(sha256: string, source: ObjectSource): Promise<void>;
	/** An object's bytes, which may be damaged; undefined where there is none. */
	readObject(sha256: string): Promise<Uint8Array | undefined>;
	/**
	 * Copies an object to a path of this machine, replacing what is there; the copy may be edited.
	 *
	 * @returns false where there is none
	 * @throws WrongHash where the object's bytes do not hash to its name
	 */
	copyObject(sha256: string, path: string): Promise<boolean>;
}

/** Says of bytes that they are not what they were to be. */
export class WrongHash extends Error {
	readonly found: string;

	constructor(found: string) {
		super(`sha256 ${found}`);
		this.found = found;
	}
}
