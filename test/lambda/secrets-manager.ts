import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface SecretsManager extends AsyncDisposable {
	/** For `AWS_ENDPOINT_URL_SECRETS_MANAGER`. */
	readonly url: string;
	/** Of each secret, by its name; a text is its value. */
	readonly secrets: Map<string, { readonly version: string; readonly value: string }>;
	/** Secrets that were asked for. */
	readonly asked: string[];
	/** What the next requests fail with; undefined answers them. */
	failing: { readonly status: number; readonly type: string; readonly message: string } | undefined;
}

/** AWS Secrets Manager's JSON protocol on 127.0.0.1, as far as reading goes. */
export async function startSecretsManager(): Promise<SecretsManager> {
	const secrets: SecretsManager["secrets"] = new Map();
	const asked: string[] = [];
	const server = createServer(async (request, response) => {
		const reply = (status: number, body: object) =>
			response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
		if (request.headers["x-amz-target"] !== "secretsmanager.GetSecretValue" || !request.headers.authorization)
			return reply(400, { __type: "InvalidRequestException" });
		const { SecretId } = (await json(request)) as { readonly SecretId: string };
		asked.push(SecretId);
		if (api.failing) return reply(api.failing.status, { __type: api.failing.type, Message: api.failing.message });
		const secret = secrets.get(SecretId);
		if (secret === undefined) return reply(400, { __type: "ResourceNotFoundException" });
		return reply(200, {
			ARN: `arn:aws:secretsmanager:eu-central-1:000000000000:secret:${SecretId}`,
			Name: SecretId,
			VersionId: secret.version,
			SecretString: secret.value,
			VersionStages: ["AWSCURRENT"],
			CreatedDate: 1.7e9,
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const api: SecretsManager = {
		...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, secrets, asked, failing: undefined },
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
	return api;
}
