import { isAbsolute, relative } from "node:path";

const MAP = /(?<=sourceMappingURL=data:application\/json;charset=utf-8;base64,)[A-Za-z0-9+/=]+/;

/** A bundle whose source map names its files from `root` on, not as they lie on the machine that made it. */
export function portableBundle(code: string, root: string): string {
	return code.replace(MAP, (encoded) => {
		const map = JSON.parse(Buffer.from(encoded, "base64").toString("utf8")) as { sources: string[] };
		// Modules left out of the bundle stand there as "ignored|their path|name".
		const sources = map.sources.map((source) =>
			isAbsolute(source) ? relative(root, source) : source.replaceAll(`${root}/`, ""),
		);
		return Buffer.from(JSON.stringify({ ...map, sources })).toString("base64");
	});
}
