import { posix } from "node:path";

const join = posix.join;

/** Where a store keeps what: `objects/ab/<sha256>` with `<sha256>.from.json` beside it, `steps/ab/<key>.json`. */
export function storeLayout(root: string) {
	return {
		root,
		objects: join(root, "objects"),
		steps: join(root, "steps"),
		object: (sha256: string) => join(root, "objects", sha256.slice(0, 2), sha256),
		lineage: (sha256: string) => join(root, "objects", sha256.slice(0, 2), `${sha256}${LINEAGE}`),
		step: (key: string) => join(root, "steps", key.slice(0, 2), `${key}.json`),
		/** An empty file: this campaign has used the step, though another one recorded it. */
		use: (key: string, campaign: string) => join(root, "steps", key.slice(0, 2), `${key}.${campaign}${USE}`),
	};
}

/** The same as names below a store's root. */
export const storeNames = storeLayout("");

export const LINEAGE = ".from.json";
export const USE = ".used";
