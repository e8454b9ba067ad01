/** Type of the failure that an activity ends with when its worker is shut down in the middle of it. */
export const WORKER_STOPPING = "WorkerStopping";
