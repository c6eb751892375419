// Each step gives its title and what is shown below it. `view` has the session, the texts `t`, and where to go next.
export { accounts } from "./steps/accounts.js";
export { choose } from "./steps/choose.js";
export { connect } from "./steps/connect.js";
export { done } from "./steps/done.js";
export { trouble } from "./steps/trouble.js";
export { waiting } from "./steps/waiting.js";
