"""A certificate authority for the private MySQL server, in place of RDS's: with it the deployed form can ask for what it asks
for in the cloud, TLS to a server that proves its name."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def named(title):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])


def certificate(subject, key, issuer, issuer_key, extension, critical):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(issuer_name=named(issuer), subject_name=named(subject), public_key=key.public_key(),
                                      serial_number=x509.random_serial_number(),
                                      not_valid_before=now - datetime.timedelta(hours=1),
                                      not_valid_after=now + datetime.timedelta(days=1))
    return builder.add_extension(extension, critical).sign(issuer_key, hashes.SHA256())


def install(folder, addresses, sql):
    """Makes an authority and gives the server a certificate of it for these addresses; answers the authority's file."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address)) for address in addresses])
    ca = certificate("test authority", ca_key, "test authority", ca_key, x509.BasicConstraints(True, None), True)
    server = certificate("test server", key, "test authority", ca_key, names, False)
    pem = serialization.Encoding.PEM
    files = {
        "ssl_ca": ca.public_bytes(pem), "ssl_cert": server.public_bytes(pem),
        "ssl_key": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())}
    for variable, content in files.items():
        (folder / f"{variable}.pem").write_bytes(content)
        sql(f"SET GLOBAL {variable} = '{folder / variable}.pem'")
    sql("ALTER INSTANCE RELOAD TLS")
    return folder / "ssl_ca.pem"
