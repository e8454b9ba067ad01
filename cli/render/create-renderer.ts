import { createJsonRenderer } from "./json-renderer.ts";
import { createPlainRenderer } from "./plain-renderer.ts";
import type { Renderer } from "./renderer.ts";
import { createTtyRenderer } from "./tty-renderer.ts";

/** The renderer for this process's stdout: JSON when asked for, bars on a terminal, plain lines elsewhere. */
export function createRenderer(isJson: boolean): Renderer {
	const { stdout, stderr, env } = process;
	if (isJson) return createJsonRenderer(stdout, stderr);
	if (!stdout.isTTY || env.TERM === "dumb") return createPlainRenderer(stdout);
	return createTtyRenderer(stdout, !env.NO_COLOR);
}
