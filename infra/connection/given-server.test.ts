import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { Client } from "@temporalio/client";
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from "vitest";
import { type Authority, createAuthority, type Identity } from "../../test/tls/certificates.ts";
import { startHeaderServer } from "../../test/tls/header-server.ts";
import { startTlsProxy, type TlsProxy } from "../../test/tls/tls-proxy.ts";
import { connectClient } from "../campaign/client-connection.ts";
import { connectWorker } from "../campaign/worker-connection.ts";
import { connectTemporal } from "../temporal-server/index.ts";
import { freePort } from "../temporal-server/ports.ts";
import type { NamespaceAccess } from "./server-access.ts";

const KEY = "tmprl-0123456789-secret";

let folder: string;
let authority: Authority;
let proxy: TlsProxy;
let bundle: { code: string };

beforeAll(async () => {
	Runtime.install({
		logger: new DefaultLogger("ERROR"),
		telemetryOptions: { logging: { forward: {}, filter: "ERROR" } },
	});
	folder = mkdtempSync(join(tmpdir(), "dno-connection-"));
	authority = createAuthority("Authority of the test");
	proxy = await startTlsProxy(inject("temporalAddress"), authority);
	const workflowsPath = fileURLToPath(new URL("../../test/workflows/greets.ts", import.meta.url));
	bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger("ERROR") });
});

afterAll(async () => {
	await proxy.close();
	rmSync(folder, { recursive: true, force: true });
});

const file = (name: string, text: string) => {
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
};

/** Variables for the proxy, with a certificate of the authority's unless another or none is given. */
function variables({ cert, key }: Partial<Identity> = authority.issue("campaign")) {
	return {
		TEMPORAL_CONFIG_FILE: "",
		TEMPORAL_ADDRESS: proxy.address,
		TEMPORAL_TLS_SERVER_CA_CERT_PATH: file("ca.pem", authority.cert),
		...(cert && { TEMPORAL_TLS_CLIENT_CERT_PATH: file("client.pem", cert) }),
		...(key && { TEMPORAL_TLS_CLIENT_KEY_PATH: file("client.key", key) }),
	};
}

const connect = (env: Record<string, string | undefined>) =>
	connectTemporal({ env, campaignDir: folder, timeoutMs: 1_500 });
const failure = (env: Record<string, string | undefined>): Promise<string> =>
	connect(env).then(
		() => "connected",
		(error) => error.message,
	);

async function runWorkflow(access: NamespaceAccess, taskQueue: string): Promise<string> {
	const { connection, close } = await connectClient(access);
	const native = await connectWorker(access);
	const { namespace } = access;
	const worker = await Worker.create({ connection: native, namespace, taskQueue, workflowBundle: bundle });
	const { workflow } = new Client({ connection, namespace });
	const options = { workflowId: taskQueue, taskQueue, args: [taskQueue] };
	const result = await worker.runUntil(workflow.execute("greets", options));
	await native.close();
	await close();
	return result;
}

test("client and workers show their certificate, named by variables, and run a workflow", async () => {
	const access = await connect(variables(authority.issue("by variables")));
	expect(access.address).toBe(proxy.address);
	expect(await runWorkflow(access, "variables")).toBe("hello variables");
	expect(proxy.clients).toContain("by variables");
	expect(inspect(access, { depth: 9 })).not.toContain("PRIVATE KEY");
});

test("… and by a profile of Temporal's config file", async () => {
	const { cert, key } = authority.issue("by profile");
	const config = file(
		"temporal.toml",
		`[profile.cluster]\naddress = "${proxy.address}"\nnamespace = "default"\n[profile.cluster.tls]\n` +
			`server_ca_cert_path = "${file("ca.pem", authority.cert)}"\nclient_cert_path = "${file("p.pem", cert)}"\n` +
			`client_key_path = "${file("p.key", key)}"\n`,
	);
	const env = { TEMPORAL_CONFIG_FILE: config, TEMPORAL_PROFILE: "cluster" };
	expect(await runWorkflow(await connect(env), "profile")).toBe("hello profile");
	expect(proxy.clients).toContain("by profile");
	// The profile names the server for errors, too.
	const other = `[profile.cluster]\naddress = "127.0.0.1:${await freePort()}"\n`;
	const message = await failure({ ...env, TEMPORAL_CONFIG_FILE: file("other.toml", other) });
	expect(message).toMatch(/^profile cluster of .*other\.toml: No Temporal server answers \(connection refused\)/);
});

test("what is wrong with a certificate is said", async () => {
	const stranger = createAuthority("Somebody else");
	const { TEMPORAL_TLS_SERVER_CA_CERT_PATH: _, ...untrusted } = variables();
	const wrongName = await startTlsProxy(inject("temporalAddress"), authority);
	onTestFinished(() => wrongName.close());
	const byNumber = wrongName.address.replace("localhost", "127.0.0.1");
	expect(await failure(variables({}))).toMatch(
		/^TEMPORAL_ADDRESS: The server wants a client certificate .*Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY/,
	);
	expect(await failure(variables(stranger.issue("thief")))).toMatch(
		// Node's servers close without a word, others say what they refuse.
		/The server (refuses the client certificate|closes the connection .*trusts the client certificate)/,
	);
	expect(await failure({ ...untrusted, TEMPORAL_TLS: "true" })).toMatch(
		/The server's certificate is not trusted .*TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
	);
	expect(await failure({ ...variables(), TEMPORAL_ADDRESS: byNumber })).toMatch(/is for another name.*TLS_SERVER_NAME/);
	const named = { ...variables(), TEMPORAL_ADDRESS: byNumber, TEMPORAL_TLS_SERVER_NAME: "temporal.test" };
	expect(await failure(named)).toBe("connected");
	expect(await failure({ ...variables(), TEMPORAL_ADDRESS: inject("temporalAddress") })).toMatch(/does not speak TLS/);
	expect(await failure({ TEMPORAL_CONFIG_FILE: "", TEMPORAL_ADDRESS: proxy.address })).toMatch(
		/The server speaks TLS, the client does not.*TEMPORAL_TLS=true/,
	);
});

test("an API key arrives as a header, from the client and from workers, and a refusal does not print it", async () => {
	const server = await startHeaderServer(authority, 16);
	onTestFinished(() => server.close());
	const env = {
		...variables({}),
		TEMPORAL_ADDRESS: server.address,
		TEMPORAL_NAMESPACE: "mine",
		TEMPORAL_API_KEY: `${KEY}\n`,
		TEMPORAL_GRPC_META_TEAM: "nlp",
	};
	const printed: string[] = [];
	const keep = (text: unknown) => printed.push(String(text)) > 0;
	const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockImplementation(keep));
	const error = await connect(env).catch((e) => e);
	const byClient = server.requests.length;
	const credentials = () => ({ tls: { serverRootCACertificate: Buffer.from(authority.cert) }, apiKey: KEY });
	const refused = await connectWorker({ address: server.address, credentials }).catch((e) => e);
	for (const spy of spies) spy.mockRestore();

	expect(byClient).toBeGreaterThan(0);
	expect(server.requests.length).toBeGreaterThan(byClient);
	expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${KEY}`]));
	expect(server.requests[0]!.team).toBe("nlp");
	expect(error.message).toMatch(/The server refuses the API key for namespace mine/);
	for (const said of [
		inspect(error, { depth: 9 }),
		inspect(refused, { depth: 9 }),
		JSON.stringify(error),
		...printed,
	]) {
		expect(said).not.toContain(KEY);
	}
});
