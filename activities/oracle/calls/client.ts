import OpenAI from "openai";
import { DnoError } from "../../../core/errors.ts";
import { judgeName, type ModelJudgeConfig } from "../../../core/oracle-config.ts";
import { type Answer, parseAnswer } from "./answer.ts";
import { BadReplyError, type CallError, classifyError } from "./call-errors.ts";
import type { ChatRequest } from "./chat-request.ts";
import { createExactScrub, createScrub, type Scrub } from "./secrets.ts";

/** One judge's server. */
export interface JudgeClient {
	/**
	 * One request, one answer: retries are Temporal's.
	 *
	 * @throws whatever `classify` understands
	 */
	ask(request: ChatRequest, signal: AbortSignal): Promise<Answer>;
	classify(error: unknown): CallError;
	/** Takes the judge's key out of messages. */
	readonly scrub: Scrub;
	/** Takes it out of an answer, should the judge have been told it. */
	clean(answer: Answer): Answer;
	/** For what is not a call: files and batches. */
	readonly api: OpenAI;
}

/** What the OpenAI client insists on where the server wants no key; it is not sent. */
const NO_KEY = "none";

/**
 * A client for a judge's OpenAI-compatible server. The key stays in here: the client logs nothing, and errors are told by
 * {@link JudgeClient.classify}, without the headers that the client's own errors carry.
 *
 * @throws DnoError when the variable that the config names is not set
 */
export function createJudgeClient(
	settings: ModelJudgeConfig,
	environment: Readonly<Record<string, string | undefined>> = process.env,
	fetch?: typeof globalThis.fetch,
): JudgeClient {
	const key = readKey(settings, environment);
	const secrets = key === undefined ? [] : [key];
	const scrub = createScrub(secrets);
	const exact = createExactScrub(secrets);
	const api = new OpenAI({
		apiKey: key ?? NO_KEY,
		// The client would take these from the environment, and send them to whatever server the config names.
		adminAPIKey: null,
		organization: null,
		project: null,
		...(key === undefined && { defaultHeaders: { Authorization: null } }),
		baseURL: settings.baseURL,
		maxRetries: 0,
		timeout: settings.timeoutSeconds * 1000,
		logLevel: "off",
		...(fetch && { fetch }),
	});
	const clean = (answer: Answer): Answer => {
		const { text, refusal } = answer;
		return { ...answer, text: exact(text), ...(refusal !== undefined && { refusal: exact(refusal) }) };
	};
	return {
		async ask(request, signal) {
			const answer = parseAnswer(await api.chat.completions.create(request, { signal }));
			if (answer === undefined) throw new BadReplyError("the server's reply is no chat completion");
			return clean(answer);
		},
		clean,
		classify: (error) => classifyError(error, scrub),
		scrub,
		api,
	};
}

function readKey(
	settings: ModelJudgeConfig,
	environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
	const name = settings.apiKeyEnv;
	if (name === undefined) return undefined;
	const where = `judge ${judgeName(settings)}`;
	// Keys read from files bring their newline.
	const key = environment[name]?.trim();
	if (!key) {
		const mend = `Set ${name} to the key where the worker runs, or leave apiKeyEnv out for a server without keys`;
		throw new DnoError({ what: `the environment variable ${name} is not set`, where, mend });
	}
	if (/^[\x21-\x7e]+$/.test(key)) return key;
	const what = `the environment variable ${name} holds characters that no key has`;
	throw new DnoError({ what, where, mend: `Set ${name} to the key alone, without spaces, quotes or line breaks` });
}
