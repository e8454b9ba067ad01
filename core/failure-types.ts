/** Type of the failure that an activity ends with when its worker is shut down in the middle of it. */
export const WORKER_STOPPING = "WorkerStopping";
/** Types of the failures that a judge's calls end with where calling on helps nobody: the workflow pauses on them. */
export const JUDGE_AUTHENTICATION = "JudgeAuthentication";
export const JUDGE_QUOTA = "JudgeQuota";
export const JUDGE_CEILING = "JudgeCeiling";
