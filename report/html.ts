/** Markup that needs no more escaping. Everything else that a template meets is escaped. */
export class Html {
	readonly text: string;

	constructor(text: string) {
		this.text = text;
	}

	toString(): string {
		return this.text;
	}
}

export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

/**
 * Tagged template of HTML. Strings and numbers are escaped, for text and for quoted attributes alike, so that
 * a model's response can hold no markup; `Html` goes in as it is, lists are joined, `undefined` and `false` are nothing.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
	return new Html(strings.reduce((all, part, i) => all + part + (i < values.length ? toHtml(values[i]) : ""), ""));
}

function toHtml(value: HtmlValue): string {
	if (value === undefined || value === false) return "";
	if (value instanceof Html) return value.text;
	if (typeof value === "object") return value.map(toHtml).join("");
	return escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
};

export function escapeHtml(text: string): string {
	return visibleControls(text).replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}

/**
 * Control characters as their pictures, and the marks that turn the reading direction as U+FFFD: a small model emits
 * them, HTML forbids the first, and the second could make one answer look like another.
 */
export function visibleControls(text: string): string {
	return (
		text
			// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
			.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
			.replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
	);
}

/**
 * JSON for a `<script type="application/json">`. `<` is escaped because the HTML parser looks for `</script` and for
 * `<!--` before any JSON parser sees the text.
 */
export function embeddedJson(value: unknown): Html {
	return new Html(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${hex(c)}`));
}

function hex(character: string): string {
	return character.charCodeAt(0).toString(16).padStart(4, "0");
}
