// table: one row per number
//! Entra's refusals: number, error of RFC 6749 and text as its servers send it (protocol facts §4.5). Data only.
//!
//! Words in braces are filled in from the request: `{client_id}`, `{app}`, `{redirect_uri}`, `{scope}`, `{user}`, `{time}`.

/// A refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The number after `AADSTS`.
    pub number: u32,
    /// `error` (RFC 6749 §5.2, RFC 8628 §3.5, OpenID Connect Core §3.1.2.6).
    pub error: &'static str,
    /// The sentence after the number.
    pub text: &'static str,
}

/// Returns the row of a number.
pub fn row(number: u32) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.number == number)
}

const fn r(number: u32, error: &'static str, text: &'static str) -> Row {
    Row {
        number,
        error,
        text,
    }
}

const CLIENT: &str = "invalid_client";
const GRANT: &str = "invalid_grant";
const INTERACTION: &str = "interaction_required";
const REQUEST: &str = "invalid_request";
const RESOURCE: &str = "invalid_resource";
const SCOPE: &str = "invalid_scope";
const UNAUTHORIZED: &str = "unauthorized_client";

/// Every number this service knows.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    r(16_000, INTERACTION, "User account '{user}' from identity provider 'live.com' does not exist in tenant 'Harbor & Vale' and cannot access the application '{client_id}'({app}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account."),
    r(28_000, SCOPE, "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid."),
    r(28_003, REQUEST, "Provided value for the input parameter scope can't be empty when requesting an access token using the provided authorization code. Please specify a valid scope."),
    r(50_011, REQUEST, "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for the application '{client_id}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to troubleshoot this error."),
    r(50_012, CLIENT, "Authentication failed. Client assertion contains an invalid signature."),
    r(50_013, GRANT, "Assertion failed signature validation. [Reason - The key was not found.]"),
    r(50_020, GRANT, "User account '{user}' from identity provider 'live.com' does not exist in tenant 'Harbor & Vale' and cannot access the application '{client_id}'({app}) in that tenant. The account needs to be added as an external user in the tenant first."),
    r(50_027, CLIENT, "JWT token is invalid or malformed."),
    r(50_034, GRANT, "The user account {user} does not exist in the 7a1d5e0c-4b1e-4c55-9d0a-4a0c1911b0a7 directory. To sign into this application, the account must be added to the directory."),
    r(50_053, GRANT, "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."),
    r(50_055, GRANT, "The password is expired."),
    r(50_057, GRANT, "The user account is disabled."),
    r(50_058, INTERACTION, "A silent sign-in request was sent but no user is signed in."),
    r(50_059, REQUEST, "No tenant-identifying information found in either the request or implied by any provided credentials."),
    r(50_072, INTERACTION, "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'."),
    r(50_074, INTERACTION, "Strong Authentication is required."),
    r(50_076, INTERACTION, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'."),
    r(50_078, INTERACTION, "Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'."),
    r(50_079, INTERACTION, "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'."),
    r(50_089, GRANT, "Authentication failed due to flow token expired."),
    r(50_097, INTERACTION, "Device authentication is required."),
    r(50_105, GRANT, "Your administrator has configured the application {app} ('{client_id}') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '{user}' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application."),
    r(50_126, GRANT, "Error validating credentials due to invalid username or password."),
    r(50_128, REQUEST, "Invalid domain name - No tenant-identifying information found in either the request or implied by any provided credentials."),
    r(50_131, INTERACTION, "Device is not in required device state: known. Or, the request was blocked due to suspicious activity, access policy, or security policy decisions."),
    r(50_132, GRANT, "Session is not valid due to the following reasons: password expiration or recent password change, SSO Artifact is invalid or expired, session is not fresh enough for application, or a silent sign-in request was sent but the user's session with Azure AD is invalid or has expired."),
    r(50_133, GRANT, "Session is invalid due to expiration or recent password change."),
    r(50_134, GRANT, "Wrong data center. To authorize a request that was initiated by an app in the OAuth 2.0 device flow, the authorizing party must be in the same data center where the original request resides."),
    r(50_140, INTERACTION, "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in."),
    r(50_144, GRANT, "User's Active Directory password has expired. Generate a new password for the user or have the end user using self-service reset tool."),
    r(50_147, REQUEST, "The code_challenge parameter is missing, of the wrong size or not made by the method S256."),
    r(50_148, GRANT, "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE."),
    r(50_158, INTERACTION, "External security challenge not satisfied. User will be redirected to another page or authentication provider to satisfy additional authentication challenges."),
    r(50_173, GRANT, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '{time}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{time}'."),
    r(50_194, REQUEST, "Application '{client_id}'({app}) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such applications created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant."),
    // Told of an impatient poll as well: then `slow_down` is its error (RFC 8628 §3.5).
    r(50_196, GRANT, "The server terminated an operation because it encountered a client request loop. Please contact your app vendor."),
    r(50_199, INTERACTION, "For security reasons, user confirmation is required for this request. Please repeat the request allowing user interaction."),
    r(53_000, INTERACTION, "Your device is required to be managed to access this resource."),
    r(53_001, INTERACTION, "Your device is required to be domain joined to access this resource."),
    r(53_002, INTERACTION, "Application used is not an approved application for Conditional Access."),
    r(53_003, GRANT, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."),
    r(53_004, INTERACTION, "User needs to complete the multi-factor authentication registration process before accessing this content. User should register for multi-factor authentication."),
    r(54_005, GRANT, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."),
    r(65_001, GRANT, "The user or administrator has not consented to use the application with ID '{client_id}' named '{app}'. Send an interactive authorization request for this user and resource."),
    r(65_002, GRANT, "Consent between first party application '{client_id}' and first party resource '00000002-0000-0ff1-ce00-000000000000' must be configured via preauthorization - applications owned and operated by Microsoft must get approval from the API owner before requesting tokens for that API."),
    r(65_004, "access_denied", "User declined to consent to access the app."),
    r(70_000, GRANT, "Provided grant is invalid or malformed."),
    r(70_001, UNAUTHORIZED, "Application '{client_id}'({app}) is disabled."),
    r(70_002, CLIENT, "Error validating credentials. Invalid client secret is provided."),
    r(70_003, "unsupported_grant_type", "The app requested an unsupported grant type '{grant_type}'."),
    r(70_005, "unsupported_response_type", "The app returned an unsupported response type: response_type '{response_type}' is not enabled for the application."),
    r(70_007, REQUEST, "'{response_mode}' is not a supported value of 'response_mode' when requesting a token."),
    r(70_008, GRANT, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."),
    r(70_011, SCOPE, "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."),
    r(70_012, "server_error", "A server error occurred while authenticating an MSA (consumer) user."),
    r(70_016, "authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
    r(70_017, "authorization_declined", "The end user denied the authorization request."),
    r(70_018, GRANT, "Invalid verification code due to User typing in wrong user code for device code flow. Authorization is not approved."),
    r(70_019, "bad_verification_code", "Verification code expired."),
    r(70_020, "expired_token", "The provided value for the input parameter 'device_code' is not valid. This device code has expired."),
    r(70_043, GRANT, "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on {time} and the maximum allowed lifetime for this request is 43200."),
    r(90_002, REQUEST, "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."),
    r(90_008, UNAUTHORIZED, "The user or administrator has not consented to use the application. This happened because application is misconfigured: it must require access to Windows Azure Active Directory by specifying at least 'Sign in and read user profile' permission."),
    r(90_013, REQUEST, "Invalid input received from the user."),
    r(90_014, REQUEST, "The required field 'client_id' is missing from the credential. Ensure that you have all the necessary parameters for the login request."),
    r(90_019, REQUEST, "No tenant-identifying information found in either the request or implied by any provided credentials."),
    r(90_023, REQUEST, "Invalid STS request."),
    r(90_033, "temporarily_unavailable", "A transient error has occurred. Please try again."),
    r(90_038, REQUEST, "Tenant 'harborvale.example' request is being redirected to the National Cloud 'MicrosoftOnline.US'."),
    r(90_072, GRANT, "User account '{user}' from identity provider 'live.com' does not exist in tenant 'Harbor & Vale' and cannot access the application '{client_id}'({app}) in that tenant."),
    r(90_094, GRANT, "Admin consent is required for the permissions requested by this application. An administrator of Harbor & Vale has set a policy that prevents you from granting {app} the permissions it is requesting."),
    r(90_095, GRANT, "Admin consent is required for the permissions requested by this application. An admin consent request may be sent to the admin."),
    r(90_119, REQUEST, "The user code is null or empty."),
    r(90_120, REQUEST, "The request was already authorized or declined."),
    r(90_130, REQUEST, "Application '{client_id}'({app}) is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint."),
    r(500_011, RESOURCE, "The resource principal named {scope} was not found in the tenant named Harbor & Vale. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."),
    r(500_112, CLIENT, "The reply address '{redirect_uri}' does not match the reply address provided when requesting Authorization code."),
    r(500_113, REQUEST, "No reply address is registered for the application."),
    r(500_208, REQUEST, "The domain is not a valid login domain for the account type."),
    r(501_481, GRANT, "The Code_Verifier does not match the code_challenge supplied in the authorization request."),
    r(530_002, INTERACTION, "Your device is required to be compliant to access this resource."),
    r(530_003, INTERACTION, "Your device is required to be managed to access this resource."),
    r(530_032, GRANT, "Access has been blocked by Conditional Access policies: the tenant's security policy does not allow this request."),
    r(530_034, GRANT, "A delegated administrator was blocked from accessing the tenant due to account risk in their home tenant."),
    r(530_035, GRANT, "Access has been blocked by security defaults. The request is deemed unsafe by security defaults policies."),
    r(650_052, REQUEST, "The app is trying to access a service '00000002-0000-0ff1-ce00-000000000000'(Office 365 Exchange Online) that your organization '7a1d5e0c-4b1e-4c55-9d0a-4a0c1911b0a7' lacks a service principal for. Contact your IT Admin to review the configuration of your service subscriptions or consent to the application in order to create the required service principal."),
    r(650_053, CLIENT, "The application '{app}' asked for scope '{scope}' that doesn't exist on the resource '00000002-0000-0ff1-ce00-000000000000'. Contact the app vendor."),
    r(650_056, REQUEST, "Misconfigured application. This could be due to one of the following: the client has not listed any permissions for 'Office 365 Exchange Online' in the requested permissions in the client's application registration. Or, the admin has not consented in the tenant. Or, check the application identifier in the request to ensure it matches the configured client application identifier. Client app ID: {client_id}."),
    r(650_057, RESOURCE, "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration. Client app ID: {client_id}({app}). Resource value from request: {scope}."),
    r(700_003, GRANT, "Device object was not found in the tenant 'Harbor & Vale' directory."),
    r(700_005, GRANT, "Provided Authorization Code is intended to use against other tenant, thus rejected."),
    r(700_016, UNAUTHORIZED, "Application with identifier '{client_id}' was not found in the directory 'Harbor & Vale'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."),
    r(700_022, SCOPE, "The provided value for the input parameter scope is not valid because it contains more than one resource."),
    r(700_024, CLIENT, "Client assertion is not within its valid time range. Current time: {time}, assertion valid from {time}, expiry time of assertion {time}. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials ."),
    r(700_025, CLIENT, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."),
    r(700_027, CLIENT, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.]. Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{client_id}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint."),
    r(700_030, CLIENT, "Invalid certificate - subject name in certificate is not authorized. SubjectNames/SubjectAlternativeNames (up to 10) in token certificate are: harborvale.example."),
    r(700_051, "unsupported_response_type", "response_type 'token' is not enabled for the application."),
    r(700_082, GRANT, "The refresh token has expired due to inactivity. The token was issued on {time} and was inactive for 90.00:00:00."),
    r(700_084, GRANT, "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {time}."),
    r(700_211, CLIENT, "No matching federated identity record found for presented assertion issuer '{client_id}'."),
    r(700_212, CLIENT, "No matching federated identity record found for presented assertion audience. The audience must be the token endpoint of this tenant."),
    r(900_023, REQUEST, "Specified tenant identifier is neither a valid DNS name, nor a valid external domain."),
    r(900_144, REQUEST, "The request body must contain the following parameter: '{parameter}'."),
    r(900_439, REQUEST, "USGClientNotSupportedOnPublicEndpoint."),
    r(900_561, REQUEST, "The endpoint only accepts POST requests. Received a GET request."),
    r(900_971, REQUEST, "No reply address provided."),
    r(1_000_031, UNAUTHORIZED, "Application {app} cannot be accessed at this time. Contact your administrator."),
    r(1_002_012, SCOPE, "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."),
    r(7_000_112, UNAUTHORIZED, "Application '{client_id}'({app}) is disabled."),
    r(7_000_215, CLIENT, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client_id}'."),
    r(7_000_218, CLIENT, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
    r(7_000_222, CLIENT, "The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds."),
    r(9_001_023, REQUEST, "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint."),
    r(9_002_313, REQUEST, "Invalid request. Request is malformed or invalid."),
    r(9_002_327, REQUEST, "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."),
    r(9_002_332, REQUEST, "Application '{client_id}'({app}) is configured for use by Azure Active Directory users only. Please do not use the /consumers endpoint to serve this request."),
];
