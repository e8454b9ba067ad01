import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const read = (name: string): string => readFileSync(new URL(`./assets/${name}`, import.meta.url), "utf8");

/** The page's style sheet and script, which go into every page. The sheets' order is that of the cascade. */
export const PAGE_CSS = ["base", "charts", "tables", "examples", "media"].map((name) => read(`${name}.css`)).join("\n");
export const PAGE_JS = read("page.js");

/**
 * The page may run its own script, by its hash, and nothing else; it may load nothing. Styles may stand inline, since
 * the charts carry some, and can reach nothing either.
 */
export const CONTENT_SECURITY_POLICY = [
	"default-src 'none'",
	`script-src 'sha256-${createHash("sha256").update(PAGE_JS).digest("base64")}'`,
	"style-src 'unsafe-inline'",
	"img-src data:",
	"base-uri 'none'",
	"form-action 'none'",
].join("; ");
