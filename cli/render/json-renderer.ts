import type { Output, Renderer } from "./renderer.ts";

/** One event a line on `out` and nothing else; notes go to `err`. */
export function createJsonRenderer(out: Output, err: Output): Renderer {
	return {
		show: (event) => void out.write(`${JSON.stringify(event)}\n`),
		note: (text) => void err.write(`${text}\n`),
		close: () => {},
	};
}
