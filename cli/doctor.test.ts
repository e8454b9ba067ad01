import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, inject, onTestFinished, test, vi } from "vitest";
import { type Answering, completion, failing, json, serve } from "../activities/oracle/calls/testing/serve.ts";
import { checkCores, checkDisk, checkMemory, checkNode } from "../infra/doctor/check-machine.ts";
import type { Finding } from "../infra/doctor/finding.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { createAuthority } from "../test/tls/certificates.ts";
import { startTlsProxy } from "../test/tls/tls-proxy.ts";
import { runDoctor } from "./doctor.ts";
import { type CampaignFolder, CONFIG, makeCampaign } from "./testing/campaign-folder.ts";
import { dno } from "./testing/dno.ts";

let folder: string;
beforeEach(() => {
	folder = temporaryFolder();
	vi.stubEnv("TEMPORAL_CONFIG_FILE", "");
	vi.stubEnv("TEMPORAL_ADDRESS", inject("temporalAddress"));
	return () => vi.unstubAllEnvs();
});

async function doctor(...args: readonly string[]): Promise<{ code: number; of: (check: string) => Finding }> {
	const lines: string[] = [];
	const code = await runDoctor(["--workspace", folder, "--json", ...args], (text) => lines.push(text));
	const findings = lines.map((line) => JSON.parse(line) as Finding);
	return { code, of: (check) => findings.find((each) => each.check === check)! };
}

function judged(url: string, more = ""): CampaignFolder {
	const campaign = makeCampaign();
	const oracle = `oracle: { kind: "listwise", model: "gpt-judge", baseURL: "${url}", apiKeyEnv: "JUDGE_KEY"${more} }`;
	campaign.write("dno.config.ts", CONFIG.replace(/oracle: .*\}/, oracle));
	return campaign;
}

async function judgeServer(answer: Answering) {
	const server = await serve(answer);
	onTestFinished(() => server[Symbol.asyncDispose]());
	return server;
}

const models = (...ids: string[]) => json({ object: "list", data: ids.map((id) => ({ id, object: "model" })) });

test("all is well: every check says what it found, and nothing is left behind", async () => {
	const { code, of } = await doctor(makeCampaign().folder);
	expect(code).toBe(0);
	for (const check of ["node", "cores", "memory", "disk", "store", "temporal", "device", "judge"])
		expect(of(check), check).toMatchObject({
			found: expect.stringMatching(/./),
			state: expect.not.stringMatching(/wrong/),
		});
	expect(of("temporal").found).toBe(`${inject("temporalAddress")}, namespace default`);
	expect(of("device").found).toMatch(/^(cpu \(no CUDA: |cuda:)/);
	expect(of("judge").found).toBe("the oracle is a program (verifier), which needs no judge");
	expect(readdirSync(folder)).toEqual([]);
	expect((await doctor()).of("judge").found).toBe("none asked for: name a campaign's config to have its judge checked");
});

test("as a command: lines for people, exit code 1 where something is wrong, no colours in a pipe", async () => {
	const env = { ...process.env, CI: "true", TEMPORAL_ADDRESS: "127.0.0.1:1" };
	const { code, stdout, stderr } = await dno(["doctor", "--workspace", folder], { env });
	expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
	expect(stdout).toMatch(/^ok {7}node {7}Node 24/m);
	expect(stdout).toMatch(
		/^wrong {4}temporal {3}TEMPORAL_ADDRESS: No Temporal server answers \(connection refused\), got 127\.0\.0\.1:1\n +→ Start that server/m,
	);
	expect(stdout.trimEnd().endsWith("Something is wrong: see above.")).toBe(true);
});

test("Temporal: a namespace that is not there, TLS without the certificate, a program that is none", async () => {
	vi.stubEnv("TEMPORAL_NAMESPACE", "nowhere");
	expect((await doctor()).of("temporal")).toMatchObject({
		state: "wrong",
		found: expect.stringContaining("The server has no namespace nowhere"),
		mend: expect.stringContaining("temporal operator namespace create"),
	});
	vi.stubEnv("TEMPORAL_NAMESPACE", "default");
	const proxy = await startTlsProxy(inject("temporalAddress"), createAuthority("Authority of the test"));
	onTestFinished(() => proxy.close());
	vi.stubEnv("TEMPORAL_ADDRESS", proxy.address);
	expect((await doctor()).of("temporal").found).toContain("The server speaks TLS, the client does not");
	vi.stubEnv("TEMPORAL_ADDRESS", "");
	vi.stubEnv("TEMPORAL_CLI", process.execPath);
	const { code, of } = await doctor();
	expect(code).toBe(1);
	expect(of("temporal")).toMatchObject({ state: "wrong", found: expect.stringContaining("is not Temporal's") });
});

test("an embedded server that is still to be downloaded is a warning", async () => {
	vi.stubEnv("TEMPORAL_ADDRESS", "");
	vi.stubEnv("TEMPORAL_CLI", "");
	vi.stubEnv("PATH", "");
	vi.stubEnv("DNO_CACHE_DIR", join(folder, "no-cache"));
	const { code, of } = await doctor();
	expect({ code, state: of("temporal").state }).toEqual({ code: 0, state: "warning" });
	expect(of("temporal").found).toBe("the embedded server is not here yet; the first run downloads it");
});

test("a store that is there is written and read; a damaged one is wrong", async () => {
	writeFileSync(join(folder, "workspace.json"), JSON.stringify({ schemaVersion: 1, id: "dno-01234567" }));
	mkdirSync(join(folder, "store"));
	expect((await doctor()).of("store")).toMatchObject({
		state: "ok",
		found: `${join(folder, "store")} is written and read`,
	});
	writeFileSync(join(folder, "workspace.json"), "{");
	expect((await doctor()).of("store")).toMatchObject({
		state: "wrong",
		found: expect.stringContaining("workspace.json"),
	});
	rmSync(join(folder, "workspace.json"));
	rmSync(join(folder, "store"), { recursive: true });
	writeFileSync(join(folder, "store"), "");
	const { code, of } = await doctor();
	expect(code).toBe(1);
	expect(of("store").found).toBe(`${join(folder, "store")}: a file is where a folder should be`);
});

test("a workspace that is a file is wrong, and the option that names it is said", async () => {
	folder = join(folder, "file");
	writeFileSync(folder, "");
	const { code, of } = await doctor();
	expect(code).toBe(1);
	expect(of("store")).toEqual({
		...{ check: "store", state: "wrong", found: `${folder}: a folder is wanted where a file is` },
		mend: "Name another folder with --workspace",
	});
});

test("the store is that of --store, else the config's: one that cannot be reached is wrong, and says how to mend it", async () => {
	vi.stubEnv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1");
	for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"]) vi.stubEnv(name, "test");
	const campaign = makeCampaign();
	campaign.write("dno.config.ts", CONFIG.replace('name: "tiny",', 'name: "tiny", store: "s3://of-config/a/",'));
	const unreachable = (address: string) => ({
		state: "wrong",
		found: expect.stringContaining(`${address}/objects/`),
		mend: expect.stringContaining("Check the network and the endpoint"),
	});
	const { code, of } = await doctor(campaign.folder);
	expect(code).toBe(1);
	expect(of("store")).toMatchObject(unreachable("s3://of-config/a"));
	// Other checks of the config are made all the same.
	expect(of("judge").state).toBe("ok");
	const given = await doctor(campaign.folder, "--store", "s3://of-command-line");
	expect(given.of("store")).toMatchObject(unreachable("s3://of-command-line"));
	expect((await doctor("--store", "bucket")).of("store")).toMatchObject({
		state: "wrong",
		found: "store: not an address of a store in a bucket, got bucket",
	});
});

test("--device insists: what is missing is wrong", async () => {
	const { code, of } = await doctor("--device", "cuda:7");
	expect(code).toBe(1);
	expect(of("device")).toMatchObject({ state: "wrong", found: expect.stringContaining("CUDA cannot be used") });
	expect((await doctor("--device", "cpu")).of("device").found).toBe("cpu (as --device says)");
});

test("a GPU without the CUDA provider lies idle, which is a warning", async () => {
	const program = join(folder, "nvidia-smi");
	writeFileSync(program, "#!/bin/sh\necho '0, GPU-1, NVIDIA L4, 500, 23034'\n");
	chmodSync(program, 0o755);
	vi.stubEnv("PATH", `${folder}:/bin:/usr/bin`);
	vi.stubEnv("CUDA_VISIBLE_DEVICES", undefined);
	expect((await doctor()).of("device")).toMatchObject({
		state: "warning",
		found: expect.stringMatching(/^cpu \(no CUDA: .*\); NVIDIA L4 is not used$/),
	});
});

test("a judge is checked by its list of models, with its key and for nothing", async () => {
	const server = await judgeServer(models("gpt-other", "gpt-judge"));
	vi.stubEnv("JUDGE_KEY", "sk-planted-key");
	const { folder: campaign } = judged(server.url);
	const { code, of } = await doctor(campaign);
	expect(code).toBe(0);
	expect(of("judge gpt-judge").found).toBe(`${server.url} has gpt-judge, with the key of JUDGE_KEY`);
	expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /v1/models"]);
	expect(server.requests[0]!.headers.authorization).toBe("Bearer sk-planted-key");

	server.answer = models("gpt-juge");
	expect((await doctor(campaign)).of("judge gpt-judge")).toMatchObject({
		state: "wrong",
		mend: "Did you mean gpt-juge?",
	});
	server.answer = failing(401, { message: "Incorrect API key provided: sk-planted-key" });
	const refused = (await doctor(campaign)).of("judge gpt-judge");
	expect(refused).toMatchObject({ state: "wrong", mend: "Check the key, and that it is for this server" });
	expect(JSON.stringify(refused)).not.toContain("planted");
	server.answer = failing(404);
	expect((await doctor(campaign)).of("judge gpt-judge")).toMatchObject({
		state: "warning",
		mend: "Try it with --paid",
	});
});

test("a judge that is not there, and one whose key is not set", async () => {
	const server = await serve(failing(500));
	await server[Symbol.asyncDispose]();
	const { folder: campaign } = judged(server.url);
	expect((await doctor(campaign)).of("judge gpt-judge").found).toContain("JUDGE_KEY is not set");
	vi.stubEnv("JUDGE_KEY", "sk-planted-key");
	const { code, of } = await doctor(campaign);
	expect(code).toBe(1);
	expect(of("judge gpt-judge")).toMatchObject({
		state: "wrong",
		found: expect.stringContaining("ECONNREFUSED"),
		mend: "Start the server, correct oracle.baseURL, or check the network",
	});
});

test("--paid asks one question: for the JSON schema, or for log-probabilities", async () => {
	const list = models("gpt-judge");
	let reply: Answering = json(completion('{"answer": "A"}'));
	const server = await judgeServer((response, request) =>
		(request.path.endsWith("/models") ? list : reply)(response, request),
	);
	vi.stubEnv("JUDGE_KEY", "sk-planted-key");
	const { folder: campaign } = judged(server.url);
	expect((await doctor(campaign, "--paid")).of("judge gpt-judge").found).toMatch(/, and answers, in the JSON schema$/);
	expect(JSON.parse(server.requests.at(-1)!.body).response_format.type).toBe("json_schema");
	reply = json(completion("A, I should say"));
	expect((await doctor(campaign, "--paid")).of("judge gpt-judge")).toMatchObject({
		state: "wrong",
		mend: 'Set replyFormat to "text" for a server without JSON schemas',
	});
	const scored = judged(server.url, ', read: "log-probabilities"');
	scored.write(
		"dno.config.ts",
		CONFIG.replace(
			/oracle: .*\}/,
			`oracle: { kind: "pairwise", model: "gpt-judge", baseURL: "${server.url}", read: "log-probabilities" }`,
		),
	);
	expect((await doctor(scored.folder, "--paid")).of("judge gpt-judge").found).toContain(
		"it gives no log-probabilities",
	);
});

test("a config that is wrong is a finding, and an old Node, one core, little memory and a full disk are told", async () => {
	const campaign = makeCampaign();
	campaign.write("dno.config.ts", CONFIG.replace("iterations: 2", "iterations: -2"));
	const { code, of } = await doctor(campaign.folder);
	expect(code).toBe(1);
	expect(of("config").found).toContain("iterations");
	expect(checkNode("22.1.0")).toMatchObject({ state: "wrong", mend: "Install Node 24 or later (https://nodejs.org)" });
	expect(checkCores(1).state).toBe("warning");
	expect(checkMemory(1e9, 5e8)).toMatchObject({
		state: "warning",
		found: "1.0 GB for this process, 0.5 GB of it free",
	});
	expect((await checkDisk(join(folder, "not", "there"))).found).toContain(`free at ${folder}`);
});
