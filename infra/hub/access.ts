import { DnoError } from "../../core/errors.ts";

/** Where models are pushed to, and as whom. */
export interface HubAccess {
	/** A hub's address without a slash at its end. */
	readonly url: string;
	/** An access token that may write. */
	readonly token: string;
}

/** Hub that is used where `HF_ENDPOINT` names no other. */
const HUB = "https://huggingface.co";

/**
 * The hub's address and token from `HF_ENDPOINT` and `HF_TOKEN`, as Hugging Face's own tools read them.
 *
 * @throws DnoError where there is no token
 */
export function hubAccess(environment: NodeJS.ProcessEnv): HubAccess {
	const url = (environment.HF_ENDPOINT || HUB).replace(/\/+$/, "");
	const token = environment.HF_TOKEN ?? "";
	if (token.startsWith("hf_")) return { url, token };
	const what = token === "" ? "HF_TOKEN is not set" : "HF_TOKEN is no access token: these begin with hf_";
	throw new DnoError({ what, mend: `Make a token with write access in the settings of ${url}`, kind: "usage" });
}
