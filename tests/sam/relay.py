"""Lets containers reach a server that listens on loopback only: a port on Docker's own bridge, which no other machine sees."""

import json
import socket
import subprocess
import threading


def bridge():
    """This host's address on Docker's default network."""
    answer = subprocess.run(["docker", "network", "inspect", "bridge"], check=True, capture_output=True, text=True)
    [network] = json.loads(answer.stdout)
    config = network["IPAM"]["Config"][0]
    return config.get("Gateway") or config["Subnet"].split("/")[0].rsplit(".", 1)[0] + ".1"


def relayed(port):
    """Opens a port on the bridge for a port of loopback; answers address and port."""
    listener = socket.create_server((bridge(), 0))

    def serve():
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=pump, args=(source, target), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[:2]


def pump(source, target):
    """Copies what one end says to the other, until it has said everything."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()
