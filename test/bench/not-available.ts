/** A system has no answer to a question, or is not on this machine: the report says so, and the run goes on. */
export class NotAvailable extends Error {}
