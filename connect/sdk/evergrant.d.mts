export type ErrorCode = "closed" | "denied" | "expired_token" | "popup_blocked" | "provider_error" | "unavailable" | "invalid_request";
export type Connected = {
    credentialId: string;
    connectionId: string;
};
export type Outcome = {
    success: boolean;
    connectionId?: string;
    credentialId?: string;
    error?: ErrorCode;
    requestId?: string | null;
};
export type EvergrantEvent = {
    type: string;
    [name: string]: unknown;
};
export type Options = {
    /**
     * Where Evergrant answers, such as `https://connect.example`; by default where this script came from.
     */
    url?: string;
    /**
     * The workspace's id, which is public; by default `?workspace=` of this script's address.
     */
    workspace?: string;
};
export type ConnectOptions = {
    /**
     * An app's slug; without one the merchant chooses.
     */
    app?: string;
    /**
     * Only the apps of this category.
     */
    category?: string;
    /**
     * Reconnect this one in place.
     */
    credentialId?: string;
    /**
     * How the provider's page opens; `redirect` needs a session with `returnUrl`.
     */
    mode?: "auto" | "popup" | "redirect";
    /**
     * What assistive technology calls the dialog.
     */
    title?: string;
    /**
     * Leave out the heading with the workspace's name.
     */
    hide?: boolean;
    /**
     * Such as `de` or `pt-BR`; by default the session's, then the browser's.
     */
    locale?: string;
    /**
     * Closes the dialog.
     */
    signal?: AbortSignal;
};
export type AuthenticateOptions = ConnectOptions & {
    callback: (outcome: Outcome) => void;
};
export type Client = {
    /**
     * Of `POST /connect/sessions`, made by your server for the user who is logged in.
     */
    setToken: (token: string) => Client;
    /**
     * An address takes its place as `url`; any other word is ignored: there is one region.
     */
    setRegion: (region: string) => Client;
    /**
     * Fetches a new token; what was typed stays.
     */
    onTokenExpired: (callback: () => string | Promise<string>) => Client;
    onEvent: (callback: (event: EvergrantEvent) => void) => Client;
    /**
     * Raises EvergrantError.
     */
    connect: (wanted?: ConnectOptions) => Promise<Connected>;
    /**
     * As Alloy's.
     */
    authenticate: (wanted: AuthenticateOptions) => void;
    close: () => void;
};
/** What did not work; `code` says what it was, `requestId` helps the support. */
export declare class EvergrantError extends Error {
    code: ErrorCode;
    requestId: string | null;
    /**
     * @param {ErrorCode} code
     * @param {string} [message]
     * @param {string | null} [requestId]
     */
    constructor(code: ErrorCode, message?: string, requestId?: string | null);
}
/**
 * Alloy's clients call it the same way.
 * @param {Options} [options]
 * @returns {Readonly<Client>}
 */
export declare function Evergrant(options?: Options): Readonly<Client>;
export default Evergrant;
