import type { BuildOptions } from "esbuild";

/** CommonJS modules in an ES module miss what they take for given. */
const BANNER = `import { createRequire as createRequireHere } from "node:module";
const require = createRequireHere(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

/** How a function's code is bundled: an ES module for Lambda's Node, small, whose errors still name their functions. */
export const ES_MODULE = {
	outExtension: { ".js": ".mjs" },
	...{ bundle: true, minify: true, keepNames: true, charset: "utf8", logLevel: "error" },
	...{ platform: "node", format: "esm", target: "node24" },
	banner: { js: BANNER },
} as const satisfies BuildOptions;
