using Laurel.Server;

// The command line replaces this.
return await ServerHost.Run(new ServerOptions { OpenDialects = args.Contains("--open-dialects") }, CancellationToken.None);
