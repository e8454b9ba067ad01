/** One step of getting something ready, for whoever draws a progress line. */
export interface Progress {
	/** A short text, such as "Downloading Temporal 1.9.1 from PyPI". */
	readonly stage: string;
	/** Bytes done; absent for stages that are not downloads. */
	readonly bytes?: number;
	/** Bytes in all, where the other side said so. */
	readonly total?: number;
}

export type OnProgress = (progress: Progress) => void;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Progress of a download, whose total is not always known. */
export function progressOf(stage: string, bytes: number, total: number | undefined): Progress {
	return total === undefined ? { stage, bytes } : { stage, bytes, total };
}

/** What went wrong in a few words: fetch hides its reason in the cause. */
export function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const { cause } = error;
	return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}
