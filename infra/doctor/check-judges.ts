import { didYouMean } from "../../activities/datasets/did-you-mean.ts";
import { createJudgeClient, type JudgeClient } from "../../activities/oracle/calls/client.ts";
import { DnoError } from "../../core/errors.ts";
import {
	isProgram,
	judgeName,
	type ModelJudgeConfig,
	modelJudges,
	type OracleConfig,
} from "../../core/oracle-config.ts";
import { type Finding, wrong } from "./finding.ts";

/** A server that lists its models answers at once. */
const TIMEOUT_MS = 10_000;
const PAID_TIMEOUT_MS = 60_000;

/**
 * Whether the judges can be asked: address, key and model, by the list of models, which costs nothing.
 *
 * @param isPaid asks each one a question of a few tokens, too
 * @param checkProgram throws what keeps an oracle that is a program from running
 */
export async function checkJudges(
	oracle: OracleConfig,
	checkProgram: (oracle: OracleConfig) => Promise<void>,
	{ isPaid, env = process.env }: { readonly isPaid: boolean; readonly env?: NodeJS.ProcessEnv },
): Promise<Finding[]> {
	if (isProgram(oracle)) {
		const found = `the oracle is a program (${oracle.kind}), which needs no judge`;
		return [
			await checkProgram(oracle).then(
				(): Finding => ({ check: "judge", state: "ok", found }),
				(error) => wrong("judge", error),
			),
		];
	}
	return Promise.all(modelJudges(oracle).map((judge) => checkJudge(judge, isPaid, env)));
}

async function checkJudge(judge: ModelJudgeConfig, isPaid: boolean, env: NodeJS.ProcessEnv): Promise<Finding> {
	const check = `judge ${judgeName(judge)}`;
	let client: JudgeClient;
	try {
		client = createJudgeClient(judge, env);
	} catch (error) {
		return wrong(check, error);
	}
	const listed = await listModels(client, judge, check);
	if (listed.state === "wrong" || !isPaid) return listed;
	return ask(client, judge, listed);
}

async function listModels(
	client: JudgeClient,
	{ baseURL, model, apiKeyEnv }: ModelJudgeConfig,
	check: string,
): Promise<Finding> {
	const key = apiKeyEnv === undefined ? "without a key" : `with the key of ${apiKeyEnv}`;
	try {
		const names: string[] = [];
		for await (const { id } of await client.api.models.list({ timeout: TIMEOUT_MS })) names.push(id);
		if (names.includes(model)) return { check, state: "ok", found: `${baseURL} has ${model}, ${key}` };
		const meant = didYouMean(model, names);
		const known = names.length > 0 && names.length <= 5 ? `It has ${names.join(", ")}` : "Correct oracle.model";
		const mend = meant === undefined ? known : `Did you mean ${meant}?`;
		return { check, state: "wrong", found: `${baseURL} answers ${key}, but has no model ${model}`, mend };
	} catch (error) {
		const { class: kind, message } = client.classify(error);
		const found = `${baseURL}, ${key}: ${message}`;
		const status = (error as { readonly status?: number }).status;
		if (status === 404 || status === 405 || status === 501)
			return { check, state: "warning", found: `${baseURL} answers, but lists no models`, mend: "Try it with --paid" };
		const mend =
			kind === "authentication"
				? "Check the key, and that it is for this server"
				: "Start the server, correct oracle.baseURL, or check the network";
		return { check, state: "wrong", found, mend };
	}
}

/** One question of the kind that the judge will be asked. */
async function ask(client: JudgeClient, judge: ModelJudgeConfig, listed: Finding): Promise<Finding> {
	const { check } = listed;
	const needsScores = judge.kind === "pairwise" && judge.read === "log-probabilities";
	const schema = {
		...{ type: "object", additionalProperties: false, required: ["answer"] },
		properties: { answer: { type: "string", enum: ["A", "B"] } },
	};
	const needsSchema = !needsScores && judge.replyFormat === "json-schema";
	const question = needsSchema ? 'Answer with the JSON {"answer": "A"}.' : "Answer with the letter A.";
	try {
		const reply = await client.api.chat.completions.create(
			{
				...{ model: judge.model, messages: [{ role: "user", content: question }], stream: false },
				...judge.parameters,
				...(needsScores && { logprobs: true, top_logprobs: 5 }),
				...(needsSchema && {
					response_format: { type: "json_schema", json_schema: { name: "reply", strict: true, schema } },
				}),
			},
			{ timeout: PAID_TIMEOUT_MS },
		);
		const [choice] = reply.choices;
		if (needsScores && !choice?.logprobs?.content?.[0]?.top_logprobs?.length)
			throw new DnoError({ what: "it gives no log-probabilities", mend: 'Set read to "text"' });
		if (needsSchema) requireAnswer(choice?.message.content);
		const how = needsScores ? ", with log-probabilities" : needsSchema ? ", in the JSON schema" : "";
		return { ...listed, state: "ok", found: `${listed.found}, and answers${how}` };
	} catch (error) {
		if (error instanceof DnoError) return wrong(check, error);
		return { check, state: "wrong", found: client.classify(error).message, mend: "See docs/judging.md" };
	}
}

function requireAnswer(content: string | null | undefined): void {
	try {
		if (["A", "B"].includes(JSON.parse(content ?? "").answer)) return;
	} catch {}
	const mend = 'Set replyFormat to "text" for a server without JSON schemas';
	throw new DnoError({ what: "its answer is not in the JSON schema that was asked for", got: content, mend });
}
