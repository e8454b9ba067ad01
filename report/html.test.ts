import fc from "fast-check";
import { expect, it } from "vitest";
import { embeddedJson, escapeHtml, Html, html } from "./html.ts";

it("escapes everything but Html", () => {
	expect(html`<p title="${'"><b>'}">${"<i>&'"}${new Html("<br>")}${[1, "<"]}${undefined}${false}</p>`.text).toBe(
		'<p title="&quot;&gt;&lt;b&gt;">&lt;i&gt;&amp;&#39;<br>1&lt;</p>',
	);
});

it("leaves no character that could begin markup", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => {
			expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
		}),
	);
});

it("makes control and direction characters visible", () => {
	expect(escapeHtml("a\u0000b\u001bc\u202ed\te\n")).toBe("a␀b␛c\ufffdd\te\n");
});

it("embeds JSON that no HTML parser can end early, and that reads back as it was", () => {
	const hostile = { text: "</script><!-- <script> ]]> & \u2028\u2029" };
	const text = embeddedJson(hostile).text;
	expect(text).not.toMatch(/[<>&\u2028\u2029]/);
	expect(JSON.parse(text)).toEqual(hostile);
	const readsBack = fc.property(fc.json(), (json) => {
		expect(JSON.parse(embeddedJson(JSON.parse(json)).text)).toEqual(JSON.parse(json));
	});
	fc.assert(readsBack);
});
