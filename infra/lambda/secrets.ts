import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { z } from "zod";
import { DnoError } from "../../core/errors.ts";

/** Names of environment variables and their values. */
export type Secrets = Readonly<Record<string, string>>;

export interface SecretSource {
	/**
	 * The secret as of at most {@link TTL_MS} ago; the same object for as long as its version is the same.
	 *
	 * @throws DnoError without any of its value
	 */
	current(): Promise<Secrets>;
}

export interface SecretSourceOptions {
	/** Name or ARN. */
	readonly id: string;
	/** By default the region's, with the function's role. */
	readonly client?: Pick<SecretsManagerClient, "send">;
	/** Milliseconds. */
	readonly now?: () => number;
	/** Told that a secret could not be read again, and the last one is used. */
	readonly onStale: (reason: string) => void;
}

/** How long a secret is used before it is asked for again, so how long an exchanged key is used at most. */
export const TTL_MS = 300_000;

const values = z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/), z.string());

/** Reads a secret of AWS Secrets Manager: a JSON object of environment variables' names and values. */
export function createSecretSource(options: SecretSourceOptions): SecretSource {
	const { id, client = new SecretsManagerClient({}), now = Date.now, onStale } = options;
	let known: { readonly secrets: Secrets; readonly version?: string } | undefined;
	let readAt = 0;
	const read = async (): Promise<void> => {
		const { SecretString, VersionId } = await client.send(new GetSecretValueCommand({ SecretId: id }));
		if (known === undefined || VersionId === undefined || VersionId !== known.version)
			known = { secrets: parse(id, SecretString), ...(VersionId !== undefined && { version: VersionId }) };
		readAt = now();
	};
	return {
		async current() {
			if (known !== undefined && now() - readAt < TTL_MS) return known.secrets;
			try {
				await read();
			} catch (error) {
				const failure = error instanceof DnoError ? error : unreadable(id, error as Error);
				// A secret that cannot be read for a while, or was exchanged for a broken one, must not stop what runs.
				if (known === undefined) throw failure;
				onStale(failure.message);
			}
			return known!.secrets;
		},
	};
}

/** By the error's name alone: what the service says may quote what it was asked with. */
function unreadable(id: string, { name }: Error): DnoError {
	return new DnoError({
		what: `the secret cannot be read (${name})`,
		where: "DNO_SECRET_ID",
		got: id,
		mend: "Check that it exists in this region, and that the function's role may secretsmanager:GetSecretValue on it",
		isRetryable: true,
	});
}

/** No excerpt and no cause in the error: a parser's message quotes the text. */
function parse(id: string, text: string | undefined): Secrets {
	try {
		return values.parse(JSON.parse(text ?? ""));
	} catch {
		throw new DnoError({
			what: "the secret is no JSON object of environment variables' names and texts",
			where: "DNO_SECRET_ID",
			got: id,
			mend: 'Write it as {"OPENAI_API_KEY": "…", "TEMPORAL_API_KEY": "…"}',
		});
	}
}
