import { type Answering, failing, json, serve } from "./serve.ts";

interface Line {
	readonly custom_id: string;
	readonly body: { readonly model: string; readonly messages: readonly { readonly content: string }[] };
}

/** What a batch makes of a request: a reply's status and body, an error without a reply, or no line at all. */
export type Outcome =
	| { readonly status: number; readonly body: unknown }
	| { readonly error: { readonly code: string; readonly message: string } }
	| undefined;

interface Batch extends Record<string, unknown> {
	readonly id: string;
	status: string;
	readonly lines: readonly Line[];
}

/** A server with a Batch API whose batches end when, and as, the test says. */
export async function serveBatches() {
	const batches: Batch[] = [];
	const files = new Map<string, string>();
	/** What to do with requests before they are handled as usual; returns whether that was all. */
	let intercept: ((path: string, response: Parameters<Answering>[0]) => boolean) | undefined;
	const addFile = (text: string) => {
		const id = `file-${files.size}`;
		files.set(id, text);
		return id;
	};
	const answer: Answering = (response, request) => {
		const { method, body } = request;
		const path = request.path.split("?")[0]!.slice("/v1".length);
		const reply = (value: unknown) => json(value)(response, request);
		const id = path.split("/")[2];
		if (method === "POST" && path === "/batches") {
			const { input_file_id, metadata } = JSON.parse(body);
			const lines = files
				.get(input_file_id)!
				.split("\n")
				.filter(Boolean)
				.map((line): Line => JSON.parse(line));
			const created_at = Date.now() / 1000;
			batches.unshift({ id: `batch-${batches.length}`, status: "in_progress", created_at, metadata, lines });
		}
		if (intercept?.(`${method} ${path}`, response)) return;
		if (method === "POST" && path === "/files") return reply({ id: addFile(bodyOfFile(body)) });
		if (method === "POST" && path === "/batches") return reply(batches[0]);
		if (path === "/batches") return reply({ data: batches, has_more: false });
		if (path.endsWith("/content")) return void response.end(files.get(id!));
		const found = batches.find((batch) => batch.id === id);
		return found ? reply(found) : failing(404)(response, request);
	};
	const server = await serve(answer);
	return {
		...{ url: server.url, batches, requests: server.requests },
		setIntercept(value: typeof intercept) {
			intercept = value;
		},
		/** Ends the newest batch. */
		end(status: string, outcomeOf: (line: Line) => Outcome, more: Readonly<Record<string, unknown>> = {}) {
			const outcomes = batches[0]!.lines.map((line) => ({ custom_id: line.custom_id, outcome: outcomeOf(line) }));
			const file = (isGood: boolean) =>
				outcomes
					.filter(({ outcome }) => outcome && ("status" in outcome && outcome.status < 400) === isGood)
					.map(({ custom_id, outcome }) => `${JSON.stringify(lineOf(custom_id, outcome))}\n`)
					.join("");
			const [output_file_id, error_file_id] = [addFile(file(true)), addFile(file(false))];
			Object.assign(batches[0]!, { status, output_file_id, error_file_id }, more);
		},
		[Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
	};
}

function lineOf(custom_id: string, outcome: Outcome) {
	if (!outcome || "error" in outcome) return { id: "1", custom_id, response: null, error: outcome?.error };
	return { id: "1", custom_id, response: { status_code: outcome.status, body: outcome.body }, error: null };
}

/** The file in a multipart form: the test's lines are JSON and begin with a brace. */
function bodyOfFile(form: string): string {
	return form.split("\r\n").find((part) => part.startsWith("{")) ?? "";
}
