import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { type ChatMessage, openChatTemplate } from "./chat-template.ts";

const folder = join(import.meta.dirname, "../../bench/golden");
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const cases: { templates: Record<string, string>; conversations: Record<string, ChatMessage[]> } =
	read("chat-templates.json");
const golden: Record<string, string | { error: string }> = read("chat-templates.golden.json");

const LLAMA_32_DATE = `{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{{- date_string }}`;

const TOKENS = { bos_token: "<s>", eos_token: { content: "</s>" } };

function open(config: Record<string, unknown>, jinja?: string) {
	const dir = temporaryFolder();
	writeFileSync(join(dir, "tokenizer_config.json"), JSON.stringify({ ...TOKENS, ...config }));
	if (jinja !== undefined) writeFileSync(join(dir, "chat_template.jinja"), jinja);
	return openChatTemplate(dir);
}

describe.each(Object.entries(cases.templates))("%s: as transformers renders it", (name, template) => {
	const key = (conversation: string, generation: boolean) => `${name}/${conversation}/${generation ? "True" : "False"}`;

	test.each(Object.entries(cases.conversations))("%s", (conversation, messages) => {
		const opened = open({ chat_template: template })!;
		for (const addGenerationPrompt of [false, true]) {
			const expected = golden[key(conversation, addGenerationPrompt)]!;
			const render = () => opened.render(messages, { addGenerationPrompt });
			if (typeof expected === "string") expect(render()).toBe(expected);
			else expect(render).toThrow(`the chat template refuses the messages. got "${expected.error}`);
		}
	});
});

test("a file comes before the tokenizer's configuration, of a list the default is taken, and there may be none", () => {
	const messages: ChatMessage[] = [{ role: "user", content: "x" }];
	expect(open({ chat_template: "config" }, "file {{ messages[0].content }}")!.render(messages)).toBe("file x");
	const list = [
		{ name: "tool_use", template: "tools" },
		{ name: "default", template: "default {{ unk_token }}" },
	];
	expect(open({ chat_template: list })!.render(messages)).toBe("default ");
	expect(open({})).toBeUndefined();
});

describe("a template that asks for the date gets the same one on all days", () => {
	afterEach(() => vi.useRealTimers());

	test.each([
		["as Llama 3.2 does", LLAMA_32_DATE, "26 Jul 2024"],
		[
			"in other words",
			"\n  {% if true %}{{ strftime_now('%A, %B %-d, %y; %F, 100%%') }}{% endif %}",
			"\nFriday, July 26, 24; 2024-07-26, 100%",
		],
		["in a macro", "{% macro today() %}{{ strftime_now('%d/%m/%Y') }}{% endmacro %}{{ today() }}", "26/07/2024"],
	])("%s", (_, template, expected) => {
		const opened = open({ chat_template: template })!;
		for (const day of ["2025-01-31", "2026-12-01"]) {
			vi.setSystemTime(day);
			expect(opened.render([])).toBe(expected);
			expect(opened.render([])).toBe(expected);
		}
	});

	test("unless it asks for what is not known", () => {
		expect(() => open({ chat_template: "{{ strftime_now('%Q') }}" })!.render([])).toThrow("does not know %Q");
	});
});

test("what is no template is one error that names the file", () => {
	expect(() => open({}, "{% for %}")).toThrow(/chat_template\.jinja: the chat template cannot be read/);
});
