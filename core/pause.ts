/** Why a campaign waits: an operator wants it to, or calling judges on would burn money or retries. */
export interface Pause {
	readonly kind: "operator" | "ceiling" | "authentication" | "quota";
	/** The operator's words, or what the calls ended with. */
	readonly reason: string;
}

/** How a pause is ended. */
export function mendPause({ kind }: Pause): string {
	switch (kind) {
		case "operator":
			return "Wait for who paused it";
		case "ceiling":
			return "Raise the budget";
		case "authentication":
			return "Mend the key";
		case "quota":
			return "Have the account's quota raised";
	}
}
