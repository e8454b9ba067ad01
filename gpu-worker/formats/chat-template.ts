import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { DnoError } from "../../core/errors.ts";
import { formatFixedDate } from "./fixed-date.ts";
import { readJsonFile } from "./json-file.ts";

export interface ChatMessage {
	readonly role: "system" | "user" | "assistant";
	readonly content: string;
}

/** A model's chat template. */
export interface ChatTemplate {
	/**
	 * The text that the model reads.
	 *
	 * @param options.addGenerationPrompt ends it with what an answer begins with
	 * @throws DnoError where the template refuses the messages
	 */
	render(messages: readonly ChatMessage[], options?: { readonly addGenerationPrompt?: boolean }): string;
}

const FILE = "chat_template.jinja";
const CONFIG = "tokenizer_config.json";

/**
 * Opens the chat template of a Hugging Face folder: `chat_template.jinja`, or `chat_template` in `tokenizer_config.json`, of
 * several the one named default; undefined where the folder has none. Rendered as transformers' apply_chat_template does, but for the day's
 * date, which is always 26 July 2024.
 *
 * @throws DnoError naming the file where it is no template
 */
export function openChatTemplate(dir: string): ChatTemplate | undefined {
	const configFile = join(dir, CONFIG);
	const config = existsSync(configFile) ? (readJsonFile(configFile) as Record<string, unknown>) : {};
	const file = join(dir, FILE);
	const isFile = existsSync(file);
	const source = isFile ? readFileSync(file, "utf8") : defaultOf(config.chat_template);
	if (source === undefined) return undefined;
	const where = isFile ? file : configFile;
	const attempt = <T>(what: string, run: () => T): T => {
		try {
			return run();
		} catch (cause) {
			const got = cause instanceof Error ? cause.message : String(cause);
			throw new DnoError({ what, where, got, mend: 'Mend the template, or set prompts.format to "raw"', cause });
		}
	};
	const template = attempt("the chat template cannot be read", () => new Template(source));
	// render() refuses to declare what is declared already; setting it is as good.
	template.parsed.body.unshift(...new Template("{% set strftime_now = format_fixed_date %}").parsed.body);
	const specialTokens = {
		bos_token: textOf(config.bos_token),
		eos_token: textOf(config.eos_token),
		pad_token: textOf(config.pad_token),
		unk_token: textOf(config.unk_token),
	};
	return {
		render: (messages, { addGenerationPrompt = false } = {}) =>
			attempt("the chat template refuses the messages", () =>
				template.render({
					...specialTokens,
					messages,
					add_generation_prompt: addGenerationPrompt,
					format_fixed_date: formatFixedDate,
				}),
			),
	};
}

/** A template, or a list of named ones. */
function defaultOf(template: unknown): string | undefined {
	if (typeof template === "string") return template;
	if (!Array.isArray(template)) return undefined;
	const found = (template as { name?: unknown; template?: unknown }[]).find(({ name }) => name === "default");
	return typeof found?.template === "string" ? found.template : undefined;
}

/** Special tokens are texts, or objects with the text as content; one that is missing is an empty text in templates. */
function textOf(token: unknown): string {
	if (typeof token === "string") return token;
	const content = (token as { content?: unknown } | null | undefined)?.content;
	return typeof content === "string" ? content : "";
}
