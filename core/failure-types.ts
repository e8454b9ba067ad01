/** Type of the failure that an activity ends with when its worker is shut down in the middle of it. */
export const WORKER_STOPPING = "WorkerStopping";
/** Type of the failure that a stopped campaign's workflows end with instead of beginning a further step. */
export const DRAINED = "Drained";
/** Type of the failure that refuses an operator's wish. */
export const REFUSED = "Refused";
/** Type of the failure by which a GPU host declines a step: it has another one, or the step would rather be elsewhere. */
export const HOST_BUSY = "HostBusy";
/** Types of the failures that a judge's calls end with where calling on helps nobody: the workflow pauses on them. */
export const JUDGE_AUTHENTICATION = "JudgeAuthentication";
export const JUDGE_QUOTA = "JudgeQuota";
export const JUDGE_CEILING = "JudgeCeiling";
