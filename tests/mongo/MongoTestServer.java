// A server of MongoDB's protocol that keeps everything in memory, for tests: prints its port, ends with its standard
// input. Run from source: java -cp JARS MongoTestServer.java [PORT]
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;

public final class MongoTestServer {
    public static void main(String[] arguments) throws Exception {
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0;
        MongoServer server = new MongoServer(new MemoryBackend());
        server.bind("127.0.0.1", port);
        System.out.println("port " + server.getLocalAddress().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
            // Until whoever started this is gone.
        }
        server.shutdownNow();
    }
}
