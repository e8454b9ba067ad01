import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A line of a commit's NDJSON body. */
interface CommitLine {
	readonly key: "header" | "file" | "lfsFile";
	readonly value: { readonly path: string; readonly content: string; readonly oid: string; readonly summary: string };
}

/** What a push left on the hub, by repository: a path's bytes. */
export interface FakeHub {
	readonly url: string;
	readonly token: string;
	readonly repositories: Map<string, Map<string, Buffer>>;
}

/**
 * A hub on 127.0.0.1 with the endpoints that a push calls: repository, preupload, LFS batch, LFS object, commit. Weights go
 * through LFS, everything else in the commit.
 */
export async function fakeHub(): Promise<FakeHub> {
	const token = "hf_fake";
	const repositories: FakeHub["repositories"] = new Map();
	const objects = new Map<string, Buffer>();
	const server = createServer(async (request, response) => {
		const body = await bodyOf(request);
		const reply = (status: number, json: unknown) => {
			response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(json));
		};
		const [, object] = /^\/objects\/(\w+)$/.exec(request.url!) ?? [];
		if (object !== undefined) {
			objects.set(object, body);
			return reply(200, {});
		}
		if (request.headers.authorization !== `Bearer ${token}`)
			return reply(401, { error: "Invalid username or password." });
		const answer = post(request.url!, body, { repositories, objects, url: `http://${request.headers.host}` });
		return answer === undefined ? reply(404, { error: "Not Found" }) : reply(...answer);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => void server.close());
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token, repositories };
}

interface State extends Pick<FakeHub, "url" | "repositories"> {
	readonly objects: ReadonlyMap<string, Buffer>;
}

function post(path: string, body: Buffer, { url, repositories, objects }: State): [number, unknown] | undefined {
	if (path === "/api/repos/create") {
		const { organization, name } = JSON.parse(String(body)) as { organization: string; name: string };
		const repo = `${organization}/${name}`;
		if (repositories.has(repo)) return [409, { error: "You already created this model repo" }];
		repositories.set(repo, new Map());
		return [200, { url: `${url}/${repo}`, id: "1" }];
	}
	const [, repo, action] =
		/^\/api\/models\/([^/]+\/[^/]+)\/(preupload|commit)\/main$/.exec(path) ??
		/^\/([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/(batch)$/.exec(path) ??
		[];
	const files = repositories.get(repo!);
	if (files === undefined) return undefined;
	if (action === "commit") {
		for (const { key, value } of String(body)
			.split("\n")
			.map((line) => JSON.parse(line) as CommitLine)) {
			if (key === "file") files.set(value.path, Buffer.from(value.content, "base64"));
			if (key === "lfsFile") files.set(value.path, requireHash(objects.get(value.oid)!, value.oid));
		}
		return [200, { commitOid: "1", commitUrl: `${url}/${repo}/commit/1`, hookOutput: "" }];
	}
	const asked = JSON.parse(String(body)) as { files: { path: string }[]; objects: { oid: string }[] };
	if (action === "preupload") {
		const mode = (name: string) => (name.endsWith(".safetensors") ? "lfs" : "regular");
		return [200, { files: asked.files.map(({ path: name }) => ({ path: name, uploadMode: mode(name) })) }];
	}
	const upload = (oid: string) => ({ oid, actions: { upload: { href: `${url}/objects/${oid}` } } });
	return [200, { transfer: "basic", objects: asked.objects.map(({ oid }) => upload(oid)) }];
}

function requireHash(bytes: Buffer, oid: string): Buffer {
	if (createHash("sha256").update(bytes).digest("hex") !== oid) throw new Error(`object ${oid} is damaged`);
	return bytes;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
	return Buffer.concat(await request.toArray());
}
